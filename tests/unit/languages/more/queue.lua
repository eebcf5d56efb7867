--- Queues with priorities.
-- @module queue
local heap = require("queue.heap")
local Logger = require "log.Logger"

local M = {}

--- How many items may wait.
M.CAPACITY = 64

local DEFAULTS = {
  priority = 1,
  retry = function(item)
    return item.tries < 3
  end,
}

local Queue = {}
Queue.__index = Queue

--- Makes an empty queue.
-- @param name what it is called
function M.new(name)
  local self = setmetatable({}, Queue)
  self.name = name
  self.items = heap.create(M.CAPACITY)
  return self
end

--- Adds an item.
function Queue:push(item, priority)
  if self:full() then
    error("queue is full")
  end
  heap.insert(self.items, item, priority or DEFAULTS.priority)
end

function Queue:full()
  return #self.items >= M.CAPACITY
end

-- Orders two items.
local function compare(a, b)
  return a.priority < b.priority
end

Queue.pop = function(self)
  return heap.remove(self.items, compare)
end

local drain = function(queue)
  while queue:pop() do end
end

M.handlers = {
  on_error = function(err)
    Logger.warn(err)
  end,
}

function restart()
  drain(M.new("main"))
end

return M
