import Foundation

/// Something that can be sent.
public protocol Uploadable: Sendable {
    var size: Int { get }
    func encode() throws -> Data
}

enum UploadError: Error {
    case tooLarge(Int)
    case offline
}

/// Sends files, one after the other.
public final class Uploader: NSObject, URLSessionDelegate {
    private let session: URLSession
    var limit = 10_000_000

    public init(session: URLSession = .shared) {
        self.session = session
        super.init()
    }

    /// Uploads one item.
    public func upload(_ item: Uploadable, to url: URL) async throws -> Receipt {
        guard item.size <= limit else {
            throw UploadError.tooLarge(item.size)
        }
        let data = try item.encode()
        let (body, _) = try await session.upload(for: URLRequest(url: url), from: data)
        return try Receipt(decoding: body)
    }
}

extension Uploader: CustomReflectable {
    public var customMirror: Mirror {
        Mirror(self, children: ["limit": limit])
    }

    func reset() { limit = 0 }
}

struct Receipt: Codable {
    let id: String
}

typealias Completion = (Receipt) -> Void

func makeUploader() -> Uploader { Uploader() }
