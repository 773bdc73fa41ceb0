-- One operation on one record, at one moment of the server's clock: `now`, in microseconds, which
-- is defined above this text.
--
-- A change is reported as done; otherwise the script returns the record that it found, and the state
-- machine in Rust (state_machine.rs), whose conditions these are, decides what that means.
--
-- KEYS: the record; the newest fence, the ids, and the ids with a limited retention, of its tag.
-- Numbers are exact up to 2^53, and written without an exponent.

local op, id = ARGV[1], ARGV[2]
local now_ms = math.floor(now / 1000)
local VERSION = '1'
local FIELDS = {
  'status', 'version', 'applied', 'fence', 'claim', 'hash', 'type', 'scope', 'until', 'lease',
  'renewals', 'created', 'completed', 'keep', 'retain', 'format', 'payload',
}

local function int(number)
  return string.format('%.0f', number)
end

local row = redis.call('HMGET', KEYS[1], unpack(FIELDS))
local r = {}
for place, field in ipairs(FIELDS) do
  r[field] = row[place]
end
local status = r.status
if status and r.version ~= VERSION then
  return { 'version', r.version or '' }
end

local is_finished = status == 'success' or status == 'failed' or status == 'released'
local lease_until = tonumber(r['until'] or '0')
local completed = tonumber(r.completed or '0')
local keep = tonumber(r.keep or '0')

-- The longer of `keep` and `retain`; nil if the record is kept until it is purged.
local function kept(least, most)
  return most ~= '' and math.max(least, tonumber(most)) or nil
end

local function age()
  local by_lease = math.floor(math.max(now - lease_until, 0) / 1000)
  return math.min(math.max(now_ms - completed, 0), by_lease)
end

local function is_over()
  local over = is_finished and kept(keep, r.retain)
  return over and now_ms >= completed + over and age() >= over
end

local function remove()
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[3], id)
  redis.call('ZREM', KEYS[4], id)
end

if op == 'purge' then
  if not status then
    -- It has expired.
    remove()
    return { 'absent', int(now) }
  end
  if is_finished and age() >= keep and age() >= tonumber(ARGV[3]) then
    remove()
    return { 'done' }
  end
  return { 'kept' }
end

local is_there = status and not is_over()

local function found()
  if not is_there then
    return { 'absent', int(now) }
  end
  local reply = { 'found', int(now) }
  for place = 1, #FIELDS do
    reply[place + 2] = row[place]
  end
  return reply
end

-- Notifies waiters. If the user may not publish, waiters poll.
local function tell()
  redis.pcall('PUBLISH', KEYS[1], '')
end

if op == 'read' then
  return found()
end

if op == 'claim' then
  local claim, hash, action_type, scope = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
  local lease_us, lease, least, most = tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]
  local takeover, silent_fence, silent_renewals = ARGV[11], ARGV[12], ARGV[13]
  local created = int(now_ms)
  if is_there then
    if status ~= 'released' then
      local is_own = status == 'pending' and r.claim == claim
      local differ = hash ~= '' and r.hash ~= '' and hash ~= r.hash
      local is_silent = silent_fence == r.fence and silent_renewals == r.renewals
      local is_in_doubt = status == 'in_doubt'
        or (status == 'pending' and (now >= lease_until or is_silent))
      local is_taken_over = is_in_doubt and takeover == r.fence and r.applied == '0'
      if is_own or differ or not is_taken_over then
        return found()
      end
    end
    created = r.created
  end
  -- A fence is a time or, if that is not later, one more than the newest: so fences grow even
  -- where a failover has lost the newest.
  local fence = int(math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, now))
  redis.call('SET', KEYS[2], fence)
  for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', int(now_ms), 'LIMIT', 0, 2)) do
    redis.call('ZREM', KEYS[3], gone)
    redis.call('ZREM', KEYS[4], gone)
  end
  if status then
    -- This also removes its expiry.
    redis.call('DEL', KEYS[1])
  end
  -- Needed also if the former record has expired: a later sweep would remove this record's id.
  redis.call('ZREM', KEYS[4], id)
  redis.call('ZADD', KEYS[3], 0, id)
  redis.call('HSET', KEYS[1], 'status', 'pending', 'version', VERSION, 'applied', '0',
    'fence', fence, 'claim', claim, 'hash', hash, 'type', action_type, 'scope', scope,
    'until', int(now + lease_us), 'lease', lease, 'renewals', '0', 'created', created,
    'completed', '0', 'keep', least, 'retain', most)
  return { 'done', fence }
end

-- To be called before an outcome or a renewal is written. A full server refuses only a script's first
-- write, if that takes memory, as a claim's does; so outcomes are still recorded.
local function open()
  redis.call('PERSIST', KEYS[1])
end

local function finish(as, format, payload)
  open()
  redis.call('HSET', KEYS[1], 'status', as, 'applied', '0', 'completed', int(now_ms),
    'until', int(now))
  if payload then
    redis.call('HSET', KEYS[1], 'format', format, 'payload', payload)
  elseif r.payload then
    -- Removes the reason of the doubt. Not by HDEL, which a user of this script need not be granted.
    redis.call('HSET', KEYS[1], 'payload', '')
  end
  local over = kept(keep, r.retain)
  if over then
    redis.call('ZADD', KEYS[4], int(now_ms + over), id)
    redis.call('PEXPIREAT', KEYS[1], int(now_ms + over))
  end
  tell()
  return { 'done' }
end

if op == 'settle' then
  local fence, word, format, payload = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
  if not is_there or fence ~= r.fence then
    return found()
  end
  local is_open = status == 'pending' or status == 'in_doubt'
  if word == 'success' then
    local is_same = r.payload == payload and r.format == format
    if is_open or (status == 'success' and not is_same) then
      return finish('success', format, payload)
    end
  elseif is_open and now >= lease_until then
    return finish('released')
  end
  return found()
end

-- The remaining operations belong to the owner alone, on a claim that is not finished.
local is_owner = r.fence == ARGV[3] and r.claim == ARGV[4]
if not is_there or not is_owner or is_finished then
  return found()
end

if op == 'complete' then
  local outcome, format, payload = ARGV[5], ARGV[6], ARGV[7]
  if outcome ~= 'in_doubt' and outcome ~= 'applied' then
    return finish(outcome, format, payload)
  end
  local is_applied = r.applied == '1' or outcome == 'applied'
  if status == 'in_doubt' and is_applied == (r.applied == '1') then
    return found()
  end
  open()
  redis.call('HSET', KEYS[1], 'status', 'in_doubt', 'applied', is_applied and '1' or '0',
    'until', int(math.min(lease_until, now)))
  if payload ~= '' then
    -- The reason, for the operator who settles it.
    redis.call('HSET', KEYS[1], 'format', format, 'payload', payload)
  end
  tell()
  return { 'done' }
end

if op == 'renew' then
  if status ~= 'pending' then
    return found()
  end
  open()
  redis.call('HSET', KEYS[1], 'until', int(now + tonumber(ARGV[5])), 'lease', ARGV[6],
    'renewals', int(tonumber(r.renewals) + 1))
  return { 'done' }
end

if op == 'release' then
  if r.applied == '1' then
    return found()
  end
  return finish('released')
end

return redis.error_reply('ERR no operation ' .. op)
