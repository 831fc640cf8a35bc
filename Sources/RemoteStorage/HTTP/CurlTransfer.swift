import CCurl
import Faults

/// What libcurl's callbacks of one transfer share. They run on the thread that called `curl_easy_perform`.
final class CurlTransfer {
  private(set) var head = HTTPHead()
  /// What stopped the transfer from our side.
  private(set) var error: (any Error)?
  /// The beginning of a body that is not the object: a server's words about an error.
  private(set) var otherBody: [UInt8] = []
  /// Whether the body is the object's, and `sink` takes it.
  private(set) var takesBody = false

  private let sink: any ResponseSink
  private let stop: StopFlag?
  private static let otherBodyLimit = 64 << 10

  init(sink: any ResponseSink, stop: StopFlag?) {
    self.sink = sink
    self.stop = stop
  }

  private static func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer {
    Unmanaged<CurlTransfer>.fromOpaque(context!).takeUnretainedValue()
  }

  static let takeHeader: ccurl_data_function = { bytes, size, count, context in
    let transfer = transfer(context)
    return transfer.header(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
  }

  static let takeBody: ccurl_data_function = { bytes, size, count, context in
    let transfer = transfer(context)
    return transfer.body(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
  }

  static let progress: curl_xferinfo_callback = { context, _, _, _, _ in
    transfer(context).isStopped ? 1 : 0
  }

  private var isStopped: Bool {
    guard stop?.isRaised == true else { return false }
    if error == nil { error = RequestFailure.stopped }
    return true
  }

  private func header(_ line: UnsafeRawBufferPointer) -> Bool {
    guard head.take(line) else {
      error = RequestFailure.violation("The server sends more than 64 KiB of headers")
      return false
    }
    guard line.first == 13 || line.first == 10, head.status >= 200 else { return true }
    // The empty line: the head is complete.
    guard head.status == 200 || head.status == 206 else { return true }
    return attempt {
      if let encoding = head["content-encoding"], encoding.lowercased() != "identity" {
        throw RequestFailure.final(
          Fault(
            .remoteUnavailable, "The server sends the object encoded as '\(encoding.prefix(40))'",
            remedy: "Have the server send the files as they are"))
      }
      takesBody = true
      try sink.begin(head)
    }
  }

  private func body(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard !isStopped else { return false }
    if takesBody { return attempt { try sink.receive(bytes) } }
    otherBody += bytes.prefix(CurlTransfer.otherBodyLimit - otherBody.count)
    // The rest is read and dropped while it is small, so that the connection can be used again.
    return otherBody.count < CurlTransfer.otherBodyLimit
  }

  private func attempt(_ body: () throws -> Void) -> Bool {
    do {
      try body()
      return true
    } catch {
      self.error = error
      return false
    }
  }
}
