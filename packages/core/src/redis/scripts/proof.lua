-- Refuses to answer from a slot that does not go on from what the caller knows of it, before anything is done.
-- ARGV[1] to [3]: the id of the epoch that the caller knows, its marks and the random part of the last.
if ARGV[1] ~= epochId or tonumber(ARGV[2]) ~= marks or ARGV[3] ~= last then
  if ARGV[1] ~= epochId or not goesOnFrom(ARGV[1], tonumber(ARGV[2]), ARGV[3]) then
    return redis.error_reply('EPOCH the slot has another history')
  end
end
