import Foundation
@testable import struct Combine.AnyPublisher

/// How long things are kept, in seconds.
public let defaultLifetime: TimeInterval = 3_600

/// Something that can be stored.
public protocol Storable: AnyObject {
    associatedtype Key: Hashable
    /// The key under which it is stored.
    var key: Key { get }
    func encode() throws -> Data
    init(data: Data) throws
}

/// What went wrong.
public enum CacheError: Error, Equatable {
    case missing(String)
    case tooLarge(bytes: Int)

    var isFatal: Bool {
        if case .tooLarge = self { return true }
        return false
    }
}

/**
 Keeps values in memory and on disk.
 */
@available(iOS 15, *)
open class Cache<Value: Storable>: NSObject where Value.Key == String {
    public typealias Completion = (Result<Value, CacheError>) -> Void

    /// One stored value.
    struct Box {
        let value: Value
        var expires: Date

        mutating func touch(_ lifetime: TimeInterval) {
            expires = Date().addingTimeInterval(lifetime)
        }
    }

    private var boxes: [String: Box] = [:]

    /// How many values there are.
    public var count: Int {
        boxes.count
    }

    public static let shared = Cache()

    /// Makes an empty cache.
    public init(limit: Int = 100) {
        super.init()
        prepare(limit)
    }

    deinit {
        flush()
    }

    /// Looks a value up.
    @discardableResult
    public func value(for key: String) throws -> Value {
        guard let box = boxes[key] else { throw CacheError.missing(key) }
        return box.value
    }

    subscript(key: String) -> Value? {
        get { try? value(for: key) }
        set { store(newValue) }
    }

    static func == (lhs: Cache, rhs: Cache) -> Bool { lhs === rhs }
}

extension Cache: CustomDebugStringConvertible where Value: Codable {
    open override var debugDescription: String { "Cache(\(count))" }

    /// Forgets everything that is old.
    func prune(before date: Date) async {
        for (key, box) in boxes where box.expires < date { await remove(key) }
    }
}

actor Downloader {
    func fetch(_ url: URL) async throws -> Data {
        try await URLSession.shared.data(from: url).0
    }
}

func makeKey<T: Hashable>(_ parts: T...) -> String {
    parts.map(String.init(describing:)).joined(separator: "/")
}
