import {
  type InfiniteData,
  infiniteQueryOptions,
  QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query'
import { call } from './call.js'
import type { MintedToken, MintRequest, TokenInfo, TokenOptions, TokenPage, UserInfo } from './wire.js'

const PAGE_SIZE = 25

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: (failures, failure) => failure.passing && failures < 1, retryDelay: 1_000 },
      // A token created minutes later, when the network is back, is not what was asked for.
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}

export const userInfo = queryOptions({
  queryKey: ['userinfo'],
  queryFn: () => call<UserInfo>('/oauth2/userinfo'),
})

export const tokenOptions = queryOptions({
  queryKey: ['token-options'],
  queryFn: () => call<TokenOptions>('/api/token/options'),
  staleTime: Number.POSITIVE_INFINITY,
})

export const tokenList = infiniteQueryOptions({
  queryKey: ['tokens'],
  queryFn: ({ pageParam }) => {
    const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(pageParam && { cursor: pageParam }) })
    return call<TokenPage>(`/api/token/list?${query}`)
  },
  initialPageParam: '',
  getNextPageParam: (page) => page.next_cursor,
})

/** Creates a token. Nothing keeps the answer once the caller has reset the mutation. */
export function useMint() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ idempotencyKey, name, ...request }: MintRequest) =>
      call<MintedToken>(
        '/api/token/generate',
        { ...request, ...(name && { token_name: name }) },
        { idempotencyKey },
      ),
    gcTime: 0,
    // Also after a failure: an answer that got lost on its way may have left a token behind.
    onSettled: () => {
      void client.invalidateQueries({ queryKey: tokenList.queryKey })
    },
  })
}

export function useRevoke() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => call('/api/token/revoke', { token_id: id }),
    onSuccess: (_answer, id) => {
      client.setQueryData(tokenList.queryKey, (data) => data && markRevoked(data, id))
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: tokenList.queryKey })
    },
  })
}

function markRevoked<Param>(
  data: InfiniteData<TokenPage, Param>,
  id: string,
): InfiniteData<TokenPage, Param> {
  const mark = (token: TokenInfo): TokenInfo =>
    token.token_id === id ? { ...token, status: 'revoked' } : token
  return { ...data, pages: data.pages.map((page) => ({ ...page, tokens: page.tokens.map(mark) })) }
}
