import { createTheme, type MantineColorsTuple } from '@mantine/core'

const moat: MantineColorsTuple = [
  '#e8f5f5',
  '#d3e8e9',
  '#a7d1d4',
  '#79bbc0',
  '#55a8ae',
  '#3d969d',
  '#217d85',
  '#11636a',
  '#0c5157',
  '#073f44',
]

const stone: MantineColorsTuple = [
  '#f8f7f4',
  '#f1efea',
  '#e6e3db',
  '#d5d1c6',
  '#8f8b80',
  '#7d7a71',
  '#5f6268',
  '#454b54',
  '#2f3742',
  '#1c232b',
]

const iron: MantineColorsTuple = [
  '#dfe5ea',
  '#c5ced7',
  '#9aa7b4',
  '#7b8997',
  '#627080',
  '#2e3945',
  '#1c242d',
  '#171e26',
  '#10151b',
  '#0b0f14',
]

export const theme = createTheme({
  colors: { moat, gray: stone, dark: iron },
  primaryColor: 'moat',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  black: '#1c232b',
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
})
