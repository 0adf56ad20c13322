-- One page of a collection, in sort order and by id within equal sorts.
-- KEYS[2] and [3]: records (hash), order (zset). ARGV[4] on: order ('asc'|'desc'), from, to, limit, then the cursor's sort
-- and id or none.
-- Answers {state of the epoch, texts and ids alternating…, and last '1' when more may follow}.
local records, order = KEYS[2], KEYS[3]
local isDescending = ARGV[4] == 'desc'
local from, to, limit = ARGV[5], ARGV[6], tonumber(ARGV[7])

-- The rank behind the cursor, also when its record is gone or has moved: it is put in its old place for a moment.
local function rankBehind(sort, id)
  local standsAt = redis.call('ZSCORE', order, id)
  writeAlsoWhenFull()
  redis.call('ZADD', order, sort, id)
  local rank = redis.call(isDescending and 'ZREVRANK' or 'ZRANK', order, id)
  if not standsAt then
    redis.call('ZREM', order, id)
    return rank
  end
  redis.call('ZADD', order, standsAt, id)
  local place = redis.call(isDescending and 'ZREVRANK' or 'ZRANK', order, id)
  return place < rank and rank + 1 or place == rank and rank + 1 or rank
end

local first
if isDescending then
  first = to == '+inf' and 0 or redis.call('ZCOUNT', order, '(' .. to, '+inf')
else
  first = from == '-inf' and 0 or redis.call('ZCOUNT', order, '-inf', '(' .. from)
end
if ARGV[8] then
  first = math.max(first, rankBehind(ARGV[8], ARGV[9]))
end

local last = redis.call('ZCARD', order) - 1
if isDescending then
  last = from == '-inf' and last or redis.call('ZCOUNT', order, from, '+inf') - 1
else
  last = to == '+inf' and last or redis.call('ZCOUNT', order, '-inf', to) - 1
end
local stop = math.min(last, first + limit - 1)
if first > stop then
  return { stateOfEpoch(), '0' }
end
local ids = redis.call(isDescending and 'ZREVRANGE' or 'ZRANGE', order, first, stop)
local texts = redis.call('HMGET', records, unpack(ids))
local page = { stateOfEpoch() }
for at, id in ipairs(ids) do
  page[#page + 1] = id
  page[#page + 1] = texts[at] or ''
end
page[#page + 1] = stop < last and '1' or '0'
return page
