import { describe, expect, it } from 'vitest'
import { ownedPaths } from '../../src/gate/create-gate.js'
import { sessionOf, tokenOf } from '../http/http-fixture.js'
import { errorOf, NEXT_SCIM_SECRET, SCIM_SECRET, scimFixture, USER, type UserBody } from './scim-fixture.js'

describe('a user of the directory', () => {
  it('is created, found by location and listed (RFC 7644 §3.3)', async () => {
    const { scim } = await scimFixture()
    const created = await scim('POST', '/Users', {
      schemas: [USER],
      userName: 'User@Example.com',
      externalId: 'x-1',
      name: { givenName: 'A', familyName: 'User', honorificPrefix: 'Dr.' },
      displayName: 'A User',
      emails: [{ value: 'User@Example.com', type: 'work', primary: true }],
      title: 'not kept',
      password: 'never kept',
    })
    expect(created.status).toBe(201)
    expect(created.headers.get('content-type')).toBe('application/scim+json')
    const user = (await created.json()) as UserBody
    expect(created.headers.get('location')).toBe(`https://gate.test/scim/v2/Users/${user.id}`)
    expect(user).toEqual({
      schemas: [USER],
      id: expect.stringMatching(/^[\w-]{22}$/),
      userName: 'User@Example.com',
      externalId: 'x-1',
      name: { givenName: 'A', familyName: 'User' },
      displayName: 'A User',
      emails: [{ value: 'User@Example.com', type: 'work', primary: true }],
      active: true,
      meta: {
        resourceType: 'User',
        created: '2026-01-01T00:00:00.000Z',
        lastModified: '2026-01-01T00:00:00.000Z',
        location: `https://gate.test/scim/v2/Users/${user.id}`,
      },
    })
    expect(await (await scim('GET', `/Users/${user.id}`)).json()).toEqual(user)
    expect(await (await scim('GET', '/Users')).json()).toMatchObject({ totalResults: 1, Resources: [user] })
  })

  it.each([
    ['the same name in another case', { userName: 'USER@example.com' }],
    ['an e-mail that is the name of another', { userName: 'jdoe', emails: [{ value: 'user@example.com' }] }],
  ])('is refused with %s', async (_, second) => {
    const { create, scim } = await scimFixture()
    await create({ userName: 'user@example.com' })
    expect(await errorOf(await scim('POST', '/Users', second))).toEqual({
      status: 409,
      scimType: 'uniqueness',
    })
  })

  it('cannot take the name of another, and deactivates nobody by trying', async () => {
    const { create, scim, patch, find } = await scimFixture()
    const one = await create({ userName: 'one@example.com' })
    const two = await create({ userName: 'two@example.com' })
    const theirs = { userName: 'two@example.com', active: false }
    expect((await scim('PUT', `/Users/${one.id}`, theirs)).status).toBe(409)
    expect((await patch(one.id, { op: 'add', value: theirs })).status).toBe(409)
    expect([(await find(one.id)).active, (await find(two.id)).active]).toEqual([true, true])
  })

  it('gives its name free when it takes another', async () => {
    const { create, patch } = await scimFixture()
    const { id } = await create({ userName: 'one@example.com' })
    await patch(id, { op: 'replace', path: 'userName', value: 'two@example.com' })
    await create({ userName: 'one@example.com' })
  })

  it.each([
    [{}],
    [{ userName: 7 }],
    [{ userName: 'nobody' }],
    [{ userName: 'a\u0000@example.com' }],
    [{ userName: 'u@example.com', active: 'perhaps' }],
    [{ userName: 'u@example.com', emails: 'u@example.com' }],
    [
      {
        userName: 'u@example.com',
        emails: [
          { value: 'a@b.c', primary: true },
          { value: 'd@e.f', primary: true },
        ],
      },
    ],
    [{ userName: `${'u'.repeat(250)}@example.com` }],
    [{ userName: 'u@example.com', externalId: 'x'.repeat(257) }],
  ])('is refused as %j', async (user) => {
    const { scim } = await scimFixture()
    expect(await errorOf(await scim('POST', '/Users', user))).toEqual({
      status: 400,
      scimType: 'invalidValue',
    })
  })

  it('is refused when it says active twice in two cases, or is no JSON', async () => {
    const { scim } = await scimFixture()
    for (const body of ['{"userName":"u@example.com","active":true,"Active":false}', '[]', '{'])
      expect(await errorOf(await scim('POST', '/Users', body))).toEqual({
        status: 400,
        scimType: 'invalidSyntax',
      })
  })

  it('may be sent as application/json, and as nothing else', async () => {
    const { call } = await scimFixture()
    const send = (type: string, userName: string) =>
      call('POST', '/scim/v2/Users', {
        headers: { authorization: `Bearer ${SCIM_SECRET}`, 'content-type': type },
        body: { userName },
      })
    expect((await send('application/json', 'a@example.com')).status).toBe(201)
    expect((await send('application/scim+json; charset=utf-8', 'b@example.com')).status).toBe(201)
    expect((await send('text/plain', 'c@example.com')).status).toBe(415)
  })
})

describe('a list of users (RFC 7644 §3.4.2)', () => {
  it.each([
    'userName eq "user@example.com"',
    'USERNAME EQ "User@Example.com"',
    `${USER}:userName eq "us\\u0065r@example.com"`,
  ])('filtered by %s finds the one', async (filter) => {
    const { create, scim } = await scimFixture()
    const { id } = await create({ userName: 'user@example.com' })
    await create({ userName: 'other@example.com' })
    const found = await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)
    expect(await found.json()).toMatchObject({ totalResults: 1, itemsPerPage: 1, Resources: [{ id }] })
  })

  it('filtered by a name that nobody has is empty', async () => {
    const { scim } = await scimFixture()
    const found = await scim('GET', `/Users?filter=${encodeURIComponent('userName eq "x@example.com"')}`)
    expect(await found.json()).toMatchObject({ totalResults: 0, Resources: [] })
  })

  it.each(['userName sw "u"', 'active eq true', 'userName eq "a" or userName eq "b"', 'userName eq a', ''])(
    'filtered by %j is refused',
    async (filter) => {
      const { scim } = await scimFixture()
      const refused = await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)
      expect(await errorOf(refused)).toEqual({ status: 400, scimType: 'invalidFilter' })
    },
  )

  it('comes in pages, by position', async () => {
    const { create, scim, clock } = await scimFixture()
    for (let at = 0; at < 7; at++) {
      await create({ userName: `u${at}@example.com` })
      clock.advance(1)
    }
    const page = async (query: string) => {
      const body = (await (await scim('GET', `/Users?${query}`)).json()) as {
        totalResults: number
        Resources: UserBody[]
      }
      expect(body.totalResults).toBe(7)
      return body.Resources.map(({ userName }) => userName[1])
    }
    expect(await page('startIndex=3&count=2')).toEqual(['2', '3'])
    expect(await page('startIndex=6&count=5')).toEqual(['5', '6'])
    expect(await page('startIndex=8')).toEqual([])
    expect(await page('count=0')).toEqual([])
    expect(await page('startIndex=-4&count=1')).toEqual(['0'])
    expect((await errorOf(await scim('GET', '/Users?count=many'))).scimType).toBe('invalidValue')
  })
})

describe('the door of the directory', () => {
  it('is not there unless it was asked for', async () => {
    const { table, scim } = await scimFixture({ plugins: [] })
    expect(ownedPaths(table)('/scim/v2/Users')).toBe(false)
    expect((await scim('GET', '/Users')).status).toBe(404)
  })

  it('opens to each of its secrets, and to no other credential', async () => {
    const { call, context } = await scimFixture()
    const status = async (headers: Record<string, string>) =>
      (await call('GET', '/scim/v2/Users', { headers })).status
    expect(await status({ authorization: `Bearer ${NEXT_SCIM_SECRET}` })).toBe(200)
    const others = [
      {},
      { authorization: `Bearer ${SCIM_SECRET}x` },
      { authorization: `Basic ${SCIM_SECRET}` },
      await sessionOf(context, 'root@example.com'),
      await tokenOf(context, 'root@example.com', ['api', 'admin', 'tokens:write']),
    ]
    for (const headers of others) expect(await status(headers)).toBe(401)
    expect((await call('GET', '/scim/v2/Users')).headers.get('www-authenticate')).toMatch(/^Bearer /)
  })

  it('says what it supports, and no more', async () => {
    const { scim } = await scimFixture()
    const config = await (await scim('GET', '/ServiceProviderConfig')).json()
    expect(config).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      filter: { supported: true, maxResults: 200 },
      etag: { supported: false },
    })
    expect(await (await scim('GET', '/ResourceTypes')).json()).toMatchObject({
      Resources: [{ endpoint: '/Users' }],
    })
    const schema = (await (await scim('GET', `/Schemas/${USER}`)).json()) as {
      attributes: { name: string }[]
    }
    expect(schema.attributes.map(({ name }) => name)).toEqual([
      'userName',
      'displayName',
      'name',
      'emails',
      'active',
    ])
    expect((await errorOf(await scim('GET', '/ResourceTypes/Group'))).status).toBe(404)
  })
})
