-- One page of a collection, in sort order and by id within equal sorts. Writes nothing: lists go on when Redis takes no writes.
-- KEYS[2] and [3]: records (hash), order (zset). ARGV[4] on: order ('asc'|'desc'), from, to, limit, then the cursor's sort
-- and id or none.
-- Answers {state of the epoch, texts and ids alternating…, and last '1' when more may follow}.
local records, order = KEYS[2], KEYS[3]
local isDescending = ARGV[4] == 'desc'
local from, to, limit = ARGV[5], ARGV[6], tonumber(ARGV[7])

-- As Redis orders members of equal score: by their bytes. Lua compares by the language of the machine.
local function isBefore(a, b)
  for at = 1, math.min(#a, #b) do
    local left, right = string.byte(a, at), string.byte(b, at)
    if left ~= right then
      return left < right
    end
  end
  return #a < #b
end

-- How many members stand before a place in ascending order, and whether one stands there, which may be gone or have moved.
local function countBefore(sort, id)
  local standsAt = redis.call('ZSCORE', order, id)
  if standsAt and tonumber(standsAt) == tonumber(sort) then
    return redis.call('ZRANK', order, id), true
  end
  local low = redis.call('ZCOUNT', order, '-inf', '(' .. sort)
  local high = low + redis.call('ZCOUNT', order, sort, sort)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if isBefore(redis.call('ZRANGE', order, middle, middle)[1], id) then
      low = middle + 1
    else
      high = middle
    end
  end
  return low, false
end

-- The rank behind the cursor, in the direction of the walk.
local function rankBehind(sort, id)
  local before, stands = countBefore(sort, id)
  if isDescending then
    return redis.call('ZCARD', order) - before
  end
  return stands and before + 1 or before
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
