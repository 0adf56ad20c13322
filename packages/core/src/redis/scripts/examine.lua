-- Says how a slot stands, and writes it down for everybody when it holds less than somebody knows that it held: then it
-- gets another epoch, and `lostAt`.
-- ARGV: an id for another epoch, now, the channel, the number of the slot, then for each epoch that the caller knows its
-- id, marks and last random part.
-- Answers {state of the epoch}.
local SUPERSEDED_AT_MOST = 64
local isLost = false
for at = 5, #ARGV, 3 do
  isLost = isLost or not goesOnFrom(ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2])
end

local function supersededEpochs()
  local order, upTo = {}, {}
  local function add(id, count)
    if upTo[id] == nil then
      order[#order + 1] = id
    end
    upTo[id] = math.max(upTo[id] or 0, count)
  end
  for at = 5, #ARGV, 3 do
    add(ARGV[at], tonumber(ARGV[at + 1]))
  end
  if epochId then
    add(epochId, marks)
  end
  for id, count in string.gmatch(redis.call('HGET', epoch, 'superseded') or '', '(%S+) (%d+)') do
    add(id, tonumber(count))
  end
  local pairsOf = {}
  for at = 1, math.min(#order, SUPERSEDED_AT_MOST) do
    pairsOf[at] = order[at] .. ' ' .. string.format('%.0f', upTo[order[at]])
  end
  return table.concat(pairsOf, ' ')
end

if isLost or not epochId then
  writeAlsoWhenFull()
  local superseded = isLost and supersededEpochs() or ''
  local lastedUntil = isLost and string.format('%.0f', math.max(tonumber(ARGV[2]), tonumber(lostAt) or 0)) or ''
  redis.call('DEL', epoch)
  epochId, marks, last, lostAt = ARGV[1], 0, '', lastedUntil
  redis.call('HSET', epoch, 'id', epochId, 'marks', '0', 'last', '')
  if isLost then
    redis.call('HSET', epoch, 'lostAt', lostAt, 'superseded', superseded)
    redis.call('PUBLISH', ARGV[3], '\0!loss ' .. ARGV[4])
  end
end
return { stateOfEpoch() }
