-- Says whether a slot still holds what a gate knows that it held, and marks the loss for everybody when not.
-- KEYS[1]: the epoch (hash: id, marks, lostAt?, accepted?). ARGV: known id or '', known marks, a new id, now, the channel,
-- the number of the slot.
-- Answers {id, marks, lostAt or ''}.
local epoch = KEYS[1]
local knownId, knownMarks = ARGV[1], tonumber(ARGV[2])
local id = redis.call('HGET', epoch, 'id')
local marks = tonumber(redis.call('HGET', epoch, 'marks') or '0')

local isOther = id ~= knownId and redis.call('HGET', epoch, 'accepted') ~= id
local isOlder = id == knownId and marks < knownMarks
if knownId ~= '' and (not id or isOther or isOlder) then
  if not id or isOlder then
    id = ARGV[3]
    redis.call('HSET', epoch, 'id', id)
    redis.call('HDEL', epoch, 'accepted')
  end
  if redis.call('HEXISTS', epoch, 'lostAt') == 0 or isOlder then
    redis.call('HSET', epoch, 'lostAt', ARGV[4])
    redis.call('PUBLISH', ARGV[5], '\0!examine ' .. ARGV[6] .. ' 0 ' .. id)
  end
elseif not id then
  id = ARGV[3]
  redis.call('HSET', epoch, 'id', id)
end
return { id, tostring(marks), redis.call('HGET', epoch, 'lostAt') or '' }
