-- What a slot says of its history. Begins every script.
-- KEYS[1]: the epoch (hash): `id`; `marks`, the revocations so far; `last`, the random part of the latest; `mN`, those of
-- 64 marks each, the newest 65536; `lostAt` after a loss; `superseded`, the epochs that came before, as `ID MARKS` pairs.
local PART, PARTS, CHUNKS = 8, 64, 1024
local epoch = KEYS[1]
local now = redis.call('HMGET', epoch, 'id', 'marks', 'last', 'lostAt')
local epochId, marks, last, lostAt = now[1], tonumber(now[2] or '0'), now[3] or '', now[4] or ''

local function chunkOf(mark)
  return 'm' .. string.format('%.0f', math.floor(mark / PARTS))
end

-- Whether what somebody knew of this slot is what it went on from, or is.
local function goesOnFrom(knownId, knownMarks, knownLast)
  if not epochId then
    return false
  elseif knownId ~= epochId then
    local superseded = redis.call('HGET', epoch, 'superseded') or ''
    for id, upTo in string.gmatch(superseded, '(%S+) (%d+)') do
      if id == knownId then
        return knownMarks <= tonumber(upTo)
      end
    end
    return false
  elseif knownMarks == marks then
    return knownLast == last
  elseif knownMarks > marks then
    return false
  elseif knownMarks == 0 or marks - knownMarks >= PARTS * (CHUNKS - 1) then
    return true
  end
  local chunk = redis.call('HGET', epoch, chunkOf(knownMarks)) or ''
  local at = knownMarks % PARTS * PART
  return string.sub(chunk, at + 1, at + PART) == knownLast
end

-- Redis refuses to write when it is full only while a script has written nothing ("we can't stop in the middle of a
-- write"); what removes is never refused. From here on this script may write.
local function writeAlsoWhenFull()
  redis.call('HDEL', epoch, '')
end

local function stateOfEpoch()
  return { epochId or '', string.format('%.0f', marks), last, lostAt }
end
