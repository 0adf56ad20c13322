import { z } from 'zod'
import { acceptLoss } from '../../data-loss/accept-loss.js'
import { json, refuse } from '../answers/answer.js'
import { route } from '../route.js'

/** What an operator decides about the records themselves. */
export const adminStoreRoutes = [
  route({
    method: 'POST',
    path: '/api/admin/store/accept-loss',
    access: 'super_admin',
    summary:
      'Trust the records as they are, after the store lost some: credentials from before the loss work again',
    answer: z.object({ message: z.string(), accepted_by: z.string() }),
    async handle({ gate, identity, actor }) {
      const accepted = await acceptLoss(gate, { by: actor })
      if (!accepted.ok) return refuse(accepted.denial)
      return json({ message: 'The records are trusted as they are.', accepted_by: identity.email })
    },
  }),
]
