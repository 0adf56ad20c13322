-- Applies one batch to one partition, or nothing of it.
-- KEYS[2] on: for each collection touched its records (hash), order (zset by sort) and deadlines (zset).
-- ARGV[4]: JSON {now, nowText, seed, expire, channel, quiet, essential, mark?, checks, writes, once?}; `c` counts collections
-- from 0. ARGV[5]: what watchers are told. ARGV[6]: the number of the slot.
-- Answers {state of the epoch, 'done'|'repeated', totals as JSON} or {…, 'check'|'limit', index}.
local batch = cjson.decode(ARGV[4])
local instant = batch.now
local COLLECTED_AT_MOST = 20
local LARGEST_SAFE = 9007199254740991

local function keysOf(collection)
  local at = collection * 3 + 1
  return KEYS[at + 1], KEYS[at + 2], KEYS[at + 3]
end

local function stored(write)
  local records = keysOf(write.c)
  local text = redis.call('HGET', records, write.id)
  if not text then
    return false
  end
  local version, sort, deadline, value = string.match(text, '^([^|]*)|([^|]*)|([^|]*)|(.*)$')
  if deadline ~= '' and tonumber(deadline) <= instant then
    return false
  end
  return { version = version, sort = sort, deadline = deadline, value = value }
end

-- What this batch has written so far: a later write sees an earlier one, and a refusal leaves no trace.
local staged, touched = {}, {}

local function current(write)
  local record = staged[write.c .. '|' .. write.id]
  if record == nil then
    return stored(write)
  end
  return record
end

local function stage(write, record)
  local name = write.c .. '|' .. write.id
  if staged[name] == nil then
    touched[#touched + 1] = write
  end
  local isPast = record and record.deadline ~= '' and tonumber(record.deadline) <= instant
  staged[name] = record and not isPast and record or false
end

if batch.once then
  local before = stored(batch.once)
  if before then
    return { stateOfEpoch(), 'repeated', before.value }
  end
end

for index, check in ipairs(batch.checks) do
  local record = stored(check)
  if (record and record.version or '') ~= check.version then
    return { stateOfEpoch(), 'check', tostring(index - 1) }
  end
end

local totals = {}
for index, write in ipairs(batch.writes) do
  local version = batch.seed .. index
  if write.kind == 'put' then
    stage(write, { version = version, sort = write.sort, deadline = write.deadline, value = write.value })
  elseif write.kind == 'delete' then
    stage(write, false)
  else
    local before = current(write)
    if before and not string.match(before.value, '^-?%d+$') then
      return redis.error_reply('NOTACOUNTER the record holds no integer')
    end
    local total = write.amount + (before and tonumber(before.value) or 0)
    if write.atMost and total > write.atMost then
      return { stateOfEpoch(), 'limit', tostring(index - 1) }
    end
    if total > LARGEST_SAFE or total < -LARGEST_SAFE then
      return redis.error_reply('NOTACOUNTER the sum is no safe integer')
    end
    local text = string.format('%.0f', total)
    totals[#totals + 1] = text
    stage(write, {
      version = version,
      sort = before and before.sort or '0',
      deadline = before and before.deadline or write.deadline,
      value = text,
    })
  end
end

local answer = '[' .. table.concat(totals, ',') .. ']'
if batch.once then
  stage(batch.once, { version = batch.seed .. '0', sort = '0', deadline = batch.once.deadline, value = answer })
end

local function remove(collection, id)
  local records, order, deadlines = keysOf(collection)
  redis.call('HDEL', records, id)
  redis.call('ZREM', order, id)
  redis.call('ZREM', deadlines, id)
end

if batch.essential then
  writeAlsoWhenFull()
end

for _, write in ipairs(touched) do
  local record = staged[write.c .. '|' .. write.id]
  if not record then
    remove(write.c, write.id)
  else
    local records, order, deadlines = keysOf(write.c)
    local text = table.concat({ record.version, record.sort, record.deadline, record.value }, '|')
    redis.call('HSET', records, write.id, text)
    redis.call('ZADD', order, record.sort, write.id)
    if record.deadline == '' then
      redis.call('ZREM', deadlines, write.id)
    else
      redis.call('ZADD', deadlines, record.deadline, write.id)
    end
  end
end

-- Records past their deadline are gone for every reader already; each commit removes a few.
-- Where everything in a collection has a deadline, its keys expire at the last of them without anybody's help.
for collection = 0, (#KEYS - 1) / 3 - 1 do
  local records, order, deadlines = keysOf(collection)
  local expired = redis.call('ZRANGEBYSCORE', deadlines, '-inf', batch.nowText, 'LIMIT', 0, COLLECTED_AT_MOST)
  for _, id in ipairs(expired) do
    remove(collection, id)
  end
  if batch.expire then
    local last = redis.call('ZREVRANGE', deadlines, 0, 0, 'WITHSCORES')[2]
    local isMortal = last and redis.call('ZCARD', deadlines) == redis.call('HLEN', records)
    for _, key in ipairs({ records, order, deadlines }) do
      if isMortal then
        redis.call('PEXPIREAT', key, string.format('%.0f', math.ceil(tonumber(last))))
      else
        redis.call('PERSIST', key)
      end
    end
  end
end

-- A revocation and its mark are one write: whoever knows of the mark will notice if Redis comes back without it.
if batch.mark then
  local before = last
  marks, last = marks + 1, batch.mark
  local chunk = chunkOf(marks)
  local earlier = redis.call('HGET', epoch, chunk) or ''
  local filled = earlier .. string.rep('.', marks % PARTS * PART - #earlier) .. last
  redis.call('HSET', epoch, 'marks', string.format('%.0f', marks), 'last', last, chunk, filled)
  redis.call('HDEL', epoch, chunkOf(marks - PARTS * CHUNKS))
  local told = { '\0!mark', ARGV[6], string.format('%.0f', marks), epochId, last, before }
  redis.call('PUBLISH', batch.channel, table.concat(told, ' '))
end
if not batch.quiet then
  redis.call('PUBLISH', batch.channel, ARGV[5])
end
return { stateOfEpoch(), 'done', answer }
