-- Reads records of one partition at one instant.
-- KEYS: record hashes. ARGV: pairs of (number of the hash from 1, id). Answers the stored texts; deadlines are the
-- reader's to judge.
local found = {}
for at = 1, #ARGV, 2 do
  found[#found + 1] = redis.call('HGET', KEYS[tonumber(ARGV[at])], ARGV[at + 1])
end
return found
