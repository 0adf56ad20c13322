import { describe, it } from 'vitest'
import { memoryStore } from '../../src/store/memory.js'
import { storeCases } from '../../src/testing/store-cases.js'

describe('the memory store', () => {
  for (const { name, run } of storeCases({ open: async (clock) => memoryStore({ clock }), data: 'own' }))
    it(name, run)
})
