const PIECE = / ?[\p{L}\p{M}]{1,6}| ?\p{N}{1,3}|\s+| ?[^\s\p{L}\p{N}\p{M}]/gu

/** Cuts text into pieces of about the size of a model's tokens. Joined they are the text again. */
export function cutIntoTokens(text: string): string[] {
  return text.match(PIECE) ?? []
}

/** How many tokens a text amounts to: about one for each four letters of English. */
export function countTokens(text: string): number {
  return cutIntoTokens(text).length
}

/** How tokens arrive: a few at a time. */
export function cutIntoChunks(tokens: readonly string[], tokensInChunk = 3): string[] {
  const chunks: string[] = []
  for (let at = 0; at < tokens.length; at += tokensInChunk)
    chunks.push(tokens.slice(at, at + tokensInChunk).join(''))
  return chunks
}

export interface AnswerRequest {
  readonly model: string
  /** What the user said last. */
  readonly lastMessage: string
  readonly messageCount: number
  readonly maxTokens: number | undefined
  readonly stopSequences: readonly string[]
}

export interface Answer {
  readonly tokens: readonly string[]
  readonly text: string
  readonly ended: 'naturally' | 'at-limit' | 'at-stop-sequence'
  /** The one that ended it. */
  readonly stopSequence: string | undefined
}

/** The answer of the demo model: what was asked, repeated and counted, as long as was asked for. */
export function composeAnswer({
  model,
  lastMessage,
  messageCount,
  maxTokens,
  stopSequences,
}: AnswerRequest): Answer {
  const whole = compose(model, lastMessage, messageCount)
  const stop = firstStop(whole, stopSequences)
  const tokens = cutIntoTokens(stop ? whole.slice(0, stop.index) : whole)
  if (maxTokens !== undefined && tokens.length > maxTokens) {
    const kept = tokens.slice(0, maxTokens)
    return { tokens: kept, text: kept.join(''), ended: 'at-limit', stopSequence: undefined }
  }
  return {
    tokens,
    text: tokens.join(''),
    ended: stop ? 'at-stop-sequence' : 'naturally',
    stopSequence: stop?.sequence,
  }
}

const MAX_QUOTED = 280
const MAX_WORDS = 20_000

function compose(model: string, lastMessage: string, messageCount: number): string {
  const said = lastMessage.replace(/\s+/g, ' ').trim()
  const words = said === '' ? 0 : said.split(' ').length
  const quoted = said.length > MAX_QUOTED ? `${[...said].slice(0, MAX_QUOTED).join('')}…` : said
  const opening =
    said === ''
      ? 'You sent no text that I can repeat.'
      : `You said: “${quoted}” ${words === 1 ? 'That is one word' : `Those are ${words} words`}, in message ${messageCount} of our conversation.`
  const introduction = `I am the demo upstream of Portcullis, standing in for ${model}. I repeat and count; I do not think. Set UPSTREAM_URL, or an API key of a vendor, and a real model will answer here.`
  const answer = `${opening}\n\n${introduction}`
  const wanted = /\b(\d{1,6}) words\b/i.exec(said)?.[1]
  return wanted === undefined ? answer : lengthen(answer, Math.min(Number(wanted), MAX_WORDS))
}

const FILLER =
  'The gate stands open by day and the portcullis hangs above it, ready. Whoever is known may pass, and whoever is banned may not, from the moment the bar falls.'.split(
    ' ',
  )

/** A request such as “write 2000 words” makes a stream that lasts long enough to see it cut. */
function lengthen(text: string, wordCount: number): string {
  const missing = wordCount - text.split(/\s+/).length
  if (missing <= 0) return text
  const filler = Array.from({ length: missing }, (_, index) => FILLER[index % FILLER.length])
  return `${text}\n\n${filler.join(' ')}`
}

function firstStop(
  text: string,
  sequences: readonly string[],
): { index: number; sequence: string } | undefined {
  return sequences
    .map((sequence) => ({ index: text.indexOf(sequence), sequence }))
    .filter(({ index, sequence }) => index >= 0 && sequence !== '')
    .sort((one, other) => one.index - other.index)[0]
}
