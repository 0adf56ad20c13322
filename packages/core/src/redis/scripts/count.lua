-- Counts the live records of a collection within a range of sorts.
-- KEYS[2] to [4]: records (hash), order (zset), deadlines (zset). ARGV[4] on: now, from, to, how many records to look at.
-- Answers {state of the epoch, count}, or {…, -1} when it would have to look at more, of whichever kind there are fewest;
-- then so many expired ones have been removed, and it may be called again. Counts also where Redis takes no writes.
local records, order, deadlines = KEYS[2], KEYS[3], KEYS[4]
local instant, from, to, atMost = ARGV[4], ARGV[5], ARGV[6], tonumber(ARGV[7])

local total = redis.call('ZCARD', order)
local expired = redis.call('ZCOUNT', deadlines, '-inf', instant)
if from == '-inf' and to == '+inf' then
  return { stateOfEpoch(), total - expired }
end
local within = redis.call('ZCOUNT', order, from, to)
if expired == 0 or within == 0 then
  return { stateOfEpoch(), within }
end

local function countScored(key, ids, isCounted)
  local count = 0
  local scores = #ids > 0 and redis.call('ZMSCORE', key, unpack(ids)) or {}
  for _, score in ipairs(scores) do
    if score and isCounted(tonumber(score)) then
      count = count + 1
    end
  end
  return count
end
local least = from == '-inf' and -math.huge or tonumber(from)
local most = to == '+inf' and math.huge or tonumber(to)
local function isWithin(sort)
  return sort >= least and sort <= most
end
local function isExpired(deadline)
  return deadline <= tonumber(instant)
end

if within <= atMost then
  local ids = redis.call('ZRANGEBYSCORE', order, from, to)
  return { stateOfEpoch(), within - countScored(deadlines, ids, isExpired) }
end
if expired <= atMost then
  local ids = redis.call('ZRANGEBYSCORE', deadlines, '-inf', instant)
  return { stateOfEpoch(), within - countScored(order, ids, isWithin) }
end
if total - within <= atMost then
  local below = from == '-inf' and {} or redis.call('ZRANGEBYSCORE', order, '-inf', '(' .. from)
  local above = to == '+inf' and {} or redis.call('ZRANGEBYSCORE', order, '(' .. to, '+inf')
  local outside = countScored(deadlines, below, isExpired) + countScored(deadlines, above, isExpired)
  return { stateOfEpoch(), within - (expired - outside) }
end
if total - expired <= atMost and redis.call('ZCARD', deadlines) == total then
  local ids = redis.call('ZRANGEBYSCORE', deadlines, '(' .. instant, '+inf')
  return { stateOfEpoch(), countScored(order, ids, isWithin) }
end

local ids = redis.call('ZRANGEBYSCORE', deadlines, '-inf', instant, 'LIMIT', 0, atMost)
local removal = redis.pcall('HDEL', records, unpack(ids))
if type(removal) == 'table' and removal.err then
  -- A Redis that takes no writes, as one that misses its replicas: all that has expired is looked at, which holds others up.
  for start = 0, expired - 1, atMost do
    local some = redis.call('ZRANGEBYSCORE', deadlines, '-inf', instant, 'LIMIT', start, atMost)
    within = within - countScored(order, some, isWithin)
  end
  return { stateOfEpoch(), within }
end
redis.call('ZREM', order, unpack(ids))
redis.call('ZREM', deadlines, unpack(ids))
return { stateOfEpoch(), -1 }
