/** Primes modulo which the powers of 65537 are few. */
const TELLING_PRIMES = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]

/**
 * Whether an RSA modulus has the fingerprint of CVE-2017-15361 (ROCA): it is a power of 65537 modulo many small primes,
 * and its private key can be computed. About one sound modulus in 2^27 looks alike.
 */
export function isRocaModulus(modulus: bigint): boolean {
  return TELLING_PRIMES.every((prime) => isPowerOf65537(Number(modulus % BigInt(prime)), prime))
}

function isPowerOf65537(residue: number, prime: number): boolean {
  let power = 1
  do {
    if (power === residue) return true
    power = (power * 65_537) % prime
  } while (power !== 1)
  return false
}
