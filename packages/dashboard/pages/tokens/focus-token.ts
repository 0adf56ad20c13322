export function tokenElementId(tokenId: string): string {
  return `token-${tokenId}`
}

/** Moves the focus to a token in the list once it is drawn, or to the heading of the list if it is not there. */
export function focusToken(tokenId: string): void {
  requestAnimationFrame(() => {
    const place =
      document.getElementById(tokenElementId(tokenId)) ?? document.getElementById('tokens-heading')
    place?.focus()
  })
}
