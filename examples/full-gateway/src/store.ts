import path from 'node:path'
import type { Store } from '@portcullis/core'
import { lmdbStore } from '@portcullis/core/lmdb'
import { redisStore } from '@portcullis/core/redis'
import type { Settings } from './settings.js'

/** The store of the settings; a Redis that is down now is connected to when it comes up. */
export function openStore({ store, dataDir }: Settings): Store {
  switch (store.kind) {
    case 'embedded':
      return lmdbStore({ path: path.join(dataDir, 'store') })
    case 'redis':
      return redisStore({ url: store.url, wait: store.wait })
    case 'cluster':
      return redisStore({ cluster: store.urls, wait: store.wait })
    case 'sentinels':
      return redisStore({ sentinels: { hosts: store.hosts, name: store.name }, wait: store.wait })
  }
}
