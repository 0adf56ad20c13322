-- Counts the live records of a collection within a range of sorts.
-- KEYS: records (hash), order (zset), deadlines (zset). ARGV: now, from, to, how many expired records to remove at most.
-- Answers the count, or -1 when there were more expired records than that: then call again.
local records, order, deadlines = KEYS[1], KEYS[2], KEYS[3]
if ARGV[2] == '-inf' and ARGV[3] == '+inf' then
  return redis.call('ZCARD', order) - redis.call('ZCOUNT', deadlines, '-inf', ARGV[1])
end
local expired = redis.call('ZRANGEBYSCORE', deadlines, '-inf', ARGV[1], 'LIMIT', 0, ARGV[4])
for _, id in ipairs(expired) do
  redis.call('HDEL', records, id)
  redis.call('ZREM', order, id)
  redis.call('ZREM', deadlines, id)
end
if redis.call('ZCOUNT', deadlines, '-inf', ARGV[1]) > 0 then
  return -1
end
return redis.call('ZCOUNT', order, ARGV[2], ARGV[3])
