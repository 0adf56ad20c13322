// The arrows of the design: who may import whom.

const { readdirSync } = require('node:fs')

/** @param {string[]} names */
const modules = (...names) => `(^|/)node_modules/(${names.join('|')})(/|$)`

const frameworks = modules('express', 'koa', 'fastify', 'fastify-plugin', '@fastify/[^/]+', '@koa/[^/]+')
const behindSubpath = {
  http: modules('hono', '@hono/[^/]+', 'zod'),
  lmdb: modules('lmdb'),
  oidc: modules('openid-client'),
  proxy: modules('undici'),
  redis: modules('ioredis'),
}
const adapters = '^packages/(express|koa|fastify)/'
const edges = 'http|proxy|oidc|lmdb|redis|testing'
/** What is written over nothing but itself. */
const primitives = 'errors|encoding|crypto|store|jws|input|account-index'
/** What of a plugin only its routes need, loaded by the gate that serves them. */
const routesOfPlugins = '^packages/core/src/[^/]+/routes(/|\\.ts$)'
/** Every other folder of core: what is kept, who may do what with it, and how people and programs come in. */
const rooms = readdirSync(`${__dirname}/packages/core/src`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !`${edges}|${primitives}|gate`.split('|').includes(entry.name))
  .map(({ name }) => name)
  .join('|')
const grants = 'login|oauth|device|scim|back-channel-logout'
/** Plugins that core ships with, each in its folder. */
const shippedPlugins = 'oauth|device|scim|back-channel-logout'
/** Those of them that work on nothing but the contract of plugins. */
const pluginsByContract = 'api-keys|back-channel-logout|device|external-tokens|master-key|scim'
/** What core does with accounts and credentials: a plugin asks for it by its context. */
const operationFolders =
  'account-index|accounts|activity|admission|audit|authentication|authorization|context|gate|idempotency|login|rate-limit|sessions|standing|tokens'
const publicEntries = `^packages/(core/src/(${edges})/index|[^/]+/src/index)\\.ts$`

/**
 * @param {string} name
 * @param {string} comment
 * @param {object} from
 * @param {object} to
 */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

/** @type {import('dependency-cruiser').IConfiguration} */
/** Tests that run a real server may start it as the tests of another package do. */
const sharedFixtures =
  '^(examples/full-gateway/test/(redis|stopping|await-store)|packages/cli/test/[^/]+)\\.test\\.ts$'

module.exports = {
  forbidden: [
    forbid(
      'core-knows-no-framework',
      'Core speaks Request and Response; a web framework belongs to an adapter.',
      { path: '^packages/core/src/' },
      { path: frameworks },
    ),
    forbid(
      'core-stands-alone',
      'Everything else depends on core, never the other way round.',
      { path: '^packages/core/' },
      { path: '^(packages/(?!core/)|examples/)' },
    ),
    forbid(
      'adapters-only-translate',
      'An adapter knows its framework and core, no store and no identity provider.',
      { path: `${adapters}src/` },
      { path: modules('ioredis', 'lmdb', 'openid-client') },
    ),
    forbid(
      'adapters-know-one-framework',
      'An adapter never imports another adapter, nor what is not about the web.',
      { path: '^packages/(express|koa|fastify)/src/' },
      { path: '^packages/(?!core/)', pathNot: '^packages/$1/' },
    ),
    forbid(
      'llm-knows-no-framework',
      'Wire formats and metering work behind any web framework.',
      { path: '^packages/llm/src/' },
      { path: [frameworks, '^packages/(?!core/|llm/)'] },
    ),
    forbid(
      'pages-speak-http',
      'The dashboard and the command line use the HTTP API, like any other client.',
      { path: '^packages/(dashboard|cli)/(src|pages)/' },
      { path: '^packages/(core|express|koa|fastify|llm)/' },
    ),
    forbid(
      'packages-are-imported-by-name',
      'An example shows what a stranger can do, and one package is a stranger to another: no paths across.',
      { path: '^((?:packages|examples)/[^/]+)/', pathNot: sharedFixtures },
      { path: '^(packages|examples)/', pathNot: '^$1/', dependencyTypesNot: ['aliased'] },
    ),
    forbid(
      'packages-are-imported-by-public-entry',
      'Only what package.json exports may be imported from outside.',
      { path: '^((?:packages|examples)/[^/]+)/', pathNot: sharedFixtures },
      { path: '^(packages|examples)/', pathNot: ['^$1/', publicEntries] },
    ),
    forbid(
      'rooms-know-no-edge',
      'Identity, tokens, sessions and standing are written over the store contract alone.',
      { path: `^packages/core/src/(${rooms}|${primitives})/`, pathNot: routesOfPlugins },
      { path: `^packages/core/src/(${edges})/` },
    ),
    forbid(
      'gate-is-the-root',
      'The gate puts everything together; nothing that it is made of knows it.',
      {
        path: `^packages/core/src/(${rooms}|${primitives}|oidc|lmdb|redis)/`,
        // The contract of plugins names the operations of the gate that they are given.
        pathNot: '^packages/core/src/plugin/(accounts|context)\\.ts$',
      },
      { path: '^packages/core/src/gate/' },
    ),
    forbid(
      'primitives-stand-alone',
      'A primitive knows primitives: nothing of accounts, credentials or requests.',
      { path: `^packages/core/src/(${primitives})/` },
      { path: `^packages/core/src/(${rooms})/` },
    ),
    forbid(
      'credential-plugins-stand-apart',
      'API keys, the master key and external tokens are plugins: nothing but the public list knows them.',
      {
        path: '^packages/core/src/',
        pathNot: '^packages/core/src/(api-keys|master-key|external-tokens|index\\.ts)',
      },
      { path: '^packages/core/src/(api-keys|master-key|external-tokens)/' },
    ),
    forbid(
      'credentials-know-no-grant',
      'Tokens, keys, sessions and standing do not know by which way somebody came to them.',
      { path: '^packages/core/src/(tokens|api-keys|standing|authorization|audit|activity|idempotency)/' },
      { path: `^packages/core/src/(${grants})/` },
    ),
    forbid(
      'core-knows-no-shipped-plugin',
      'A plugin is known by the contract: core, and other plugins, work the same without it.',
      {
        path: '^packages/core/src/',
        pathNot: [
          `^packages/core/src/(${shippedPlugins})/`,
          '^packages/core/src/index\\.ts$',
          // The one list of all that is stored; it knows of the one that does not declare what it keeps.
          '^packages/core/src/gate/collections\\.ts$',
        ],
      },
      { path: `^packages/core/src/(${shippedPlugins})/` },
    ),
    forbid(
      'plugins-work-by-the-contract',
      'What a third party could not import from the public entry, a plugin that core ships with does not either: types alone.',
      { path: `^packages/core/src/(${pluginsByContract})/` },
      {
        path: [`^packages/core/src/(${operationFolders})/`, '^packages/core/src/plugin/context\\.ts$'],
        // What names, roles and limits are: it asks nobody.
        pathNot:
          '^packages/core/src/(accounts/account-id|authorization/roles|context/limits|login/identity-provider)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'plugins-know-no-gate-context',
      'The context of a gate is what core works with; a plugin has its own, not even the type of the other.',
      { path: `^packages/core/src/(${pluginsByContract})/` },
      { path: '^packages/core/src/context/context\\.ts$' },
    ),
    forbid(
      'plugins-know-what-they-require',
      'A plugin imports no other but those that it requires: the device flow grants tokens of the OAuth server.',
      { path: `^packages/core/src/(${shippedPlugins})/` },
      {
        path: `^packages/core/src/(${shippedPlugins})/`,
        pathNot: ['^packages/core/src/$1/', '^packages/core/src/oauth/'],
      },
    ),
    forbid(
      'only-the-device-flow-requires-oauth',
      'A plugin imports no other but those that it requires.',
      { path: '^packages/core/src/(scim|back-channel-logout)/' },
      { path: '^packages/core/src/oauth/' },
    ),
    forbid(
      'root-loads-no-subpath',
      'Importing @portcullis/core must not load what only a subpath needs.',
      { path: '^packages/core/src/', pathNot: [`^packages/core/src/(${edges})/`, routesOfPlugins] },
      {
        path: [`^packages/core/src/(${edges})/`, routesOfPlugins],
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'subpaths-stand-apart',
      'Importing one subpath must not load what only another needs; the adapter suite needs the forwarder itself.',
      { path: `^packages/core/src/(${edges})/`, pathNot: '^packages/core/src/testing/adapter-stage\\.ts$' },
      { path: '^packages/core/src/(lmdb|oidc|proxy|redis|testing)/', pathNot: '^packages/core/src/$1/' },
    ),
    forbid(
      'contract-stands-alone',
      'The store contract and its reference know nothing of what is kept in them.',
      { path: '^packages/core/src/store/' },
      { path: '^packages/core/src/', pathNot: '^packages/core/src/(store|errors|encoding|input)/' },
    ),
    ...Object.entries(behindSubpath).map(([subpath, name]) =>
      forbid(
        `${subpath}-keeps-its-packages`,
        `Whoever does not import @portcullis/core/${subpath} does not load what it is made of.`,
        {
          path: '^packages/core/src/',
          pathNot: [`^packages/core/src/${subpath}/`, ...(subpath === 'http' ? [routesOfPlugins] : [])],
        },
        { path: name },
      ),
    ),
    forbid(
      'gate-loads-routes-on-demand',
      'Only the gate imports another subpath while running, and a plugin its own routes: the routes alone.',
      {
        path: '^packages/core/src/',
        pathNot: '^packages/core/src/(gate/create-gate\\.ts$|[^/]+/plugin\\.ts$|testing/)',
      },
      { path: '^packages/core/src/', dynamic: true },
    ),
    forbid(
      'environment-stays-outside',
      'Libraries are configured by options; only the example reads the environment.',
      { path: '^packages/[^/]+/src/' },
      { path: '^(node:)?process$' },
    ),
    forbid(
      'sources-import-no-test',
      'What is published does not depend on what tests it.',
      { path: '/src/' },
      { path: '/test/' },
    ),
    forbid(
      'no-attic',
      'A folder is named by what it does; utils, helpers and common say nothing.',
      {},
      { path: '/(utils|util|helpers|helper|common|misc)/', pathNot: 'node_modules' },
    ),
    forbid(
      'no-cycle',
      'Modules that need each other are one module, also where only their types do.',
      {},
      { circular: true },
    ),
    forbid('no-missing-module', 'An import leads somewhere.', {}, { couldNotResolve: true }),
    forbid(
      'no-undeclared-package',
      'A published package declares what it imports.',
      { path: '^packages/[^/]+/src/' },
      {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'],
        dependencyTypesNot: ['npm-peer', 'type-only'],
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|examples)/[^/]+/dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    },
  },
}
