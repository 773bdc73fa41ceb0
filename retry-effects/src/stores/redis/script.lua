-- One step on one record. It compares and sets, by the server's clock; the meaning of a record is decided
-- in Rust (state_machine.rs).
--
-- A step that has written returns a number: the fence, for a claim. Any other returns the record: the
-- time, the revision if the record has no field for it, and the fields; nil if there is no record.
--
-- KEYS of a record: its own; the ids of its tag by the time at which their retention is over; the ids that
-- have no success; all ids; the newest fence; the ids of version 1; those by the end of their retention, as
-- far as the step needs them. `clock`, defined above this text, returns the server's time in microseconds.
-- Numbers stay below 2^53, which Redis writes in full.
--
-- The programs of version 1 may still be at work, and each of their claims takes ids off their lists: so a
-- record is in the lists of its own version. An id whose record has expired may be in both.
-- The ids without success make counts and lists of doubts quick, however many actions have succeeded.
--
-- The steps that mostly suffice come first: a claim on no record, a completion by the owner.

local step, key = ARGV[1], KEYS[1]

-- Claims the action. From `place` on, ARGV has the fields of the claim; one that is absent has its default.
-- `created` is nil if there is no record.
local function claim(lease, created, place)
  local now = clock()
  -- A fence is a time or, if that is not later, one more than the newest: so fences grow even where a
  -- failover has lost the newest.
  local fence = math.max(tonumber(redis.call('GET', KEYS[5]) or '0') + 1, now)
  redis.call('SET', KEYS[5], fence)
  -- The last 64 characters of a record's key are its id.
  local id = string.sub(key, -64)
  -- Redis keeps what a script has written before an error (a right that the user lost, a key of another type). So a
  -- former record stays whole until one command replaces it: if it were removed first, the action would be free.
  if created then
    redis.call('PERSIST', key)
    redis.call('ZREM', KEYS[6], id)
    redis.call('ZREM', KEYS[7], id)
  end
  redis.call('ZADD', KEYS[3], 0, id)
  if redis.call('ZADD', KEYS[4], 0, id) == 0 then
    -- The former record was listed. If its retention is noted, a sweep would take the new one off the lists.
    redis.call('ZREM', KEYS[2], id)
  end
  local first = created or math.floor(now / 1000)
  if created then
    -- Of a field that is named twice, the last value counts.
    redis.call('HSET', key, 'applied', '', 'renewals', 0, 'completed', 0, 'retain', '', 'scope', '', 'hash', '',
      'format', '', 'payload', '', 'status', 'pending', 'version', '2', 'fence', fence, 'revision', 1,
      'until', now + lease, 'created', first, unpack(ARGV, place))
  else
    redis.call('HSET', key, 'status', 'pending', 'version', '2', 'fence', fence, 'revision', 1,
      'until', now + lease, 'created', first, unpack(ARGV, place))
  end
  return fence
end

-- ARGV: the lease, the fields.
if step == 'insert' and redis.call('HEXISTS', key, 'status') == 0 then
  return claim(ARGV[2], nil, 3)
end

-- Sets fields of the record. A full server refuses a script's first write, if that takes memory; an
-- outcome is recorded nevertheless.
local function set(...)
  local answer = redis.pcall('HSET', key, ...)
  if type(answer) == 'table' and answer.err then
    redis.call('PERSIST', key)
    redis.call('HSET', key, ...)
  end
end

-- Writes a decision. From the fourth on, ARGV has: the times that change; the new lease; the fields. A
-- record of version 1 has no revision, and stays of that version: the program that claimed it may still
-- complete it.
local function write(revision, retain)
  local now, name, value = clock(), 'version', '1'
  if revision then
    name, value = 'revision', revision + 1
  end
  if ARGV[4] == 'finish' then
    local wall = math.floor(now / 1000)
    set('until', now, 'completed', wall, name, value, unpack(ARGV, 6))
    if ARGV[7] == 'success' then
      redis.call('ZREM', KEYS[3], string.sub(key, -64))
    end
    if retain and retain ~= '' then
      local keep = tonumber(redis.call('HGET', key, 'keep') or '0')
      local over = wall + math.max(keep, tonumber(retain))
      redis.call('ZADD', revision and KEYS[2] or KEYS[7], over, string.sub(key, -64))
      redis.call('PEXPIREAT', key, over)
    end
  elseif ARGV[4] == 'renew' then
    local renewals = tonumber(redis.call('HGET', key, 'renewals') or '0')
    set('until', now + ARGV[5], 'renewals', renewals + 1, name, value, unpack(ARGV, 6))
    return 1
  else
    local ends = tonumber(redis.call('HGET', key, 'until') or '0')
    set('until', math.min(ends, now), name, value, unpack(ARGV, 6))
  end
  -- Notifies waiters. If the user may not publish, waiters poll.
  redis.pcall('PUBLISH', key, '')
  return 1
end

-- ARGV: the fence, the claim id; a decision. A record of version 1 is returned: that program claimed it.
if step == 'own' then
  local own = redis.call('HMGET', key, 'status', 'version', 'fence', 'claim', 'revision', 'retain')
  if own[1] == 'pending' and own[2] == '2' and own[3] == ARGV[2] and own[4] == ARGV[3] then
    return write(own[5], own[6])
  end
end

-- The results come last: lists leave them out.
local FIELDS = {
  'status', 'version', 'revision', 'fence', 'claim', 'applied', 'until', 'lease', 'renewals', 'created',
  'completed', 'keep', 'retain', 'hash', 'type', 'scope', 'format', 'payload',
}
local WITHOUT_RESULT = #FIELDS - 2

-- A revision for a record of version 1: each write of that version's script changes one of these fields.
-- It is larger than any revision that is counted.
local function digest(record)
  local state = redis.call('HMGET', record, 'status', 'applied', 'until', 'lease', 'renewals', 'completed')
  for place = 1, #state do
    state[place] = state[place] or ''
  end
  return 2 ^ 52 + tonumber(string.sub(redis.sha1hex(table.concat(state, ' ')), 1, 13), 16)
end

local function read(record, fields, now)
  local row = redis.call('HMGET', record, unpack(FIELDS, 1, fields))
  return row[1] and { now, row[2] == '1' and digest(record), row }
end

-- The record of an id in a list: their keys have the same tag.
local tag = string.match(key, '^.*}:')
local function listed(id)
  return tag .. id
end

-- Whether an id comes before another. Lua compares texts by the server's locale, and Redis by their bytes.
local function is_before(one, other)
  for place = 1, 64, 12 do
    local first = tonumber(string.sub(one, place, place + 11), 16)
    local second = tonumber(string.sub(other, place, place + 11), 16)
    if first ~= second then
      return first < second
    end
  end
  return false
end

-- The ids of one list or of two from ARGV[2] on, at most ARGV[3], in order.
local function range(list, other)
  local function of(name)
    return redis.call('ZRANGEBYLEX', name, ARGV[2], '+', 'LIMIT', 0, ARGV[3])
  end
  local ids, others = of(list), other and of(other) or {}
  if #others == 0 then
    return ids
  end
  for _, id in ipairs(others) do
    ids[#ids + 1] = id
  end
  table.sort(ids, is_before)
  local merged = {}
  for _, id in ipairs(ids) do
    if id ~= merged[#merged] and #merged < tonumber(ARGV[3]) then
      merged[#merged + 1] = id
    end
  end
  return merged
end

-- KEYS: the ids, those of version 1. ARGV: where to begin, how many, whether with results; the statuses
-- wanted, if not all.
if step == 'page' then
  local wanted = {}
  for place = 5, #ARGV do
    wanted[ARGV[place]] = true
  end
  local now, ids = clock(), range(key, KEYS[2])
  local page = { #ids, ids[#ids] or false }
  for _, id in ipairs(ids) do
    local record = listed(id)
    if #ARGV < 5 or wanted[redis.call('HGET', record, 'status')] then
      local row = read(record, ARGV[4] == 'whole' and #FIELDS or WITHOUT_RESULT, now)
      page[#page + 1] = row and { id, row }
    end
  end
  return page
end

-- KEYS: the ids without success, those of version 1, all others, those by the end of their retention. ARGV: where
-- to begin, how many.
-- Counts finished records that are kept by their statuses; the others are returned, since time changes them.
-- Without records of version 1, the ids without success suffice, and the number of all records is returned.
if step == 'tally' then
  local now, is_old = clock(), redis.call('EXISTS', KEYS[2]) == 1
  local ids = is_old and range(KEYS[3], KEYS[2]) or range(key)
  local counts, others = { success = 0, failed = 0, released = 0 }, {}
  for _, id in ipairs(ids) do
    local record = listed(id)
    local row = redis.call('HMGET', record, 'status', 'version', 'retain')
    local is_kept = counts[row[1]] and not (row[3] and row[3] ~= '')
    if is_kept and (row[2] == '1' or row[2] == '2') then
      counts[row[1]] = counts[row[1]] + 1
    elseif row[1] then
      others[#others + 1] = { id, read(record, WITHOUT_RESULT, now) }
    end
  end
  local all = not is_old and
    redis.call('ZCARD', KEYS[3]) - redis.call('ZCOUNT', KEYS[4], '-inf', math.floor(now / 1000))
  return { #ids, ids[#ids] or false, all, counts.success, counts.failed, counts.released, others }
end

-- KEYS: the ids by the end of their retention, those without success, all, those of version 1 by the end of
-- their retention, all of version 1. ARGV: how many of each version. Takes those off a version's lists whose
-- records of that version have gone.
if step == 'due' then
  local now, rows = clock(), {}
  local wall = math.floor(now / 1000)
  for version, lists in pairs({ ['2'] = { key, KEYS[2], KEYS[3] }, ['1'] = { KEYS[4], KEYS[5] } }) do
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', lists[1], '-inf', wall, 'LIMIT', 0, ARGV[2])) do
      local row = read(listed(id), WITHOUT_RESULT, now)
      local found = row and row[3][2]
      if row and (found == version or (found ~= '1' and found ~= '2')) then
        rows[#rows + 1] = { id, row }
      else
        for _, list in ipairs(lists) do
          redis.call('ZREM', list, id)
        end
      end
    end
  end
  return rows
end

-- ARGV: the fence, the revision; a decision, or the time of the first claim, the lease, the fields.
if step == 'write' or step == 'overwrite' or step == 'confirm' or step == 'remove' then
  local row = redis.call('HMGET', key, 'status', 'version', 'fence', 'revision', 'retain')
  local revision = row[4] or (row[2] == '1' and digest(key))
  if row[1] and row[3] == ARGV[2] and revision and tonumber(revision) == tonumber(ARGV[3]) then
    if step == 'write' then
      return write(row[4], row[5])
    elseif step == 'overwrite' then
      return claim(ARGV[5], ARGV[4], 6)
    elseif step == 'confirm' then
      local left = redis.call('PTTL', key)
      set('status', row[1])
      if left > 0 then
        redis.call('PEXPIRE', key, left)
      end
    else
      redis.call('DEL', key)
      for _, place in ipairs({ 2, 3, 4, 6, 7 }) do
        redis.call('ZREM', KEYS[place], string.sub(key, -64))
      end
    end
    return 1
  end
end

return read(key, #FIELDS, clock())
