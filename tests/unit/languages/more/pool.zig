//! A pool of connections.
const std = @import("std");
const builtin = @import("builtin");
const Address = std.net.Address;

/// How many connections are kept.
pub const MAX_IDLE: usize = 16;

var total: usize = 0;

/// What can go wrong.
pub const PoolError = error{
    Exhausted,
    Closed,
};

pub const State = enum {
    idle,
    busy,

    pub fn isIdle(self: State) bool {
        return self == .idle;
    }
};

/// Connections to one address.
pub const Pool = struct {
    allocator: std.mem.Allocator,
    idle: std.ArrayList(*Conn),
    address: Address,

    const Self = @This();

    /// One connection.
    pub const Conn = struct {
        fd: i32,
        state: State = .idle,

        fn close(self: *Conn) void {
            std.posix.close(self.fd);
        }
    };

    /// Makes an empty pool.
    pub fn init(allocator: std.mem.Allocator, address: Address) !Self {
        return .{
            .allocator = allocator,
            .idle = std.ArrayList(*Conn).init(allocator),
            .address = address,
        };
    }

    pub fn acquire(self: *Self) PoolError!*Conn {
        if (self.idle.popOrNull()) |conn| return conn;
        return error.Exhausted;
    }
};

pub const Value = union(enum) {
    int: i64,
    text: []const u8,
};

/// A list of any type.
pub fn List(comptime T: type) type {
    return struct {
        items: []T,

        pub fn len(self: @This()) usize {
            return self.items.len;
        }
    };
}

export fn pool_count() usize {
    return total;
}

test "a pool starts empty" {
    const pool = try Pool.init(std.testing.allocator, undefined);
    try std.testing.expectEqual(@as(usize, 0), pool.idle.items.len);
}
