// Imported first, perhaps by an old Node: ends the process with one clear line unless `engines` allows this one.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const supported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24

if (!supported) {
  console.error(
    `Portcullis needs Node 20.19 or later, 22.12 or later, or 24 or later; this is ${process.version}.`,
  )
  process.exit(1)
}
