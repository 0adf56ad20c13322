/**
 * What a program gave to a function is not what the function takes: a mistake of the program, never of a request. `problems`
 * names each, and quotes no value.
 */
export class InputError extends TypeError {
  override readonly name = 'InputError'
  readonly code = 'input_invalid'
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '))
  }
}
