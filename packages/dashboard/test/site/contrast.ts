import type { Page } from 'playwright-core'

/**
 * Texts of the page whose contrast is below WCAG 2.2 §1.4.3 (4.5, or 3 for large text), each with its figure. Looks at
 * plain background colours only.
 */
export function lowContrast(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(SCRIPT)
}

const SCRIPT = `(() => {
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number)
    return { r, g, b, a }
  }
  const luminance = ({ r, g, b }) => {
    const [R, G, B] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    return 0.2126 * R + 0.7152 * G + 0.0722 * B
  }
  const over = (top, under) => {
    const mix = (channel) => top[channel] * top.a + under[channel] * (1 - top.a)
    return { r: mix('r'), g: mix('g'), b: mix('b'), a: 1 }
  }
  const ground = (element) => {
    if (!element) return { r: 255, g: 255, b: 255, a: 1 }
    const own = parse(getComputedStyle(element).backgroundColor)
    return own.a === 1 ? own : over(own, ground(element.parentElement))
  }
  const low = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement
    const style = getComputedStyle(element)
    const box = element.getBoundingClientRect()
    const seen = node.data.trim() && box.width > 2 && box.height > 2 && style.visibility === 'visible'
    if (!seen || element.closest('script, style, noscript, option')) continue
    const under = ground(element)
    const [light, dark] = [luminance(over(parse(style.color), under)), luminance(under)].sort((a, b) => b - a)
    const ratio = (light + 0.05) / (dark + 0.05)
    const size = parseFloat(style.fontSize)
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
    if (ratio < (large ? 3 : 4.5)) low.push(node.data.trim() + ': ' + ratio.toFixed(2))
  }
  return low
})()`
