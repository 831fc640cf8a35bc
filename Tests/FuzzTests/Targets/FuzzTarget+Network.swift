import Faults

@testable import RemoteStorage

extension FuzzTarget {
  /// The head of an HTTP response, line by line, and what follows it as S3's words about an error.
  static let http = FuzzTarget(name: "http") {
    let head = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-99/100\r\nContent-Length: 100\r\nETag: \"a\"\r\n"
    let error = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>a &lt;b&gt;</Message><Region>eu</Region>"
    return [
      Array((head + "\r\n").utf8),
      Array(("HTTP/2 503 \r\nRetry-After: 3\r\nLast-Modified: x\r\n\r\n" + error + "</Error>").utf8),
    ]
  } parse: { bytes in
    var head = HTTPHead()
    var rest = bytes[...]
    while let feed = rest.firstIndex(of: 0x0A) {
      let line = rest[...feed]
      rest = rest[(feed + 1)...]
      guard line.withUnsafeBytes({ head.take($0) }) else { throw Fault(.badData, "Too many headers") }
      if line.first == 0x0D { break }
    }
    if let length = head.contentLength { try Finding.unless(length >= 0, "a length of \(length)") }
    if let range = head.contentRange?.range, let total = head.contentRange?.total {
      try Finding.unless(range.lowerBound >= 0 && range.upperBound <= total, "\(range) of \(total) bytes")
    }
    if let seconds = head.retryAfterSeconds { try Finding.unless(seconds >= 0, "a wait of \(seconds) s") }
    _ = (head.validator?.condition, ServerRefusal(status: head.status))
    let error = S3ErrorBody(Array(rest))
    for (text, limit) in [(error.code, 80), (error.message, 300), (error.region, 40)] {
      guard let text else { continue }
      try Finding.unless(
        text.count <= limit && !text.unicodeScalars.contains { $0.value < 32 }, "\(text.debugDescription) in a message")
    }
  }

  /// Addresses, names of the cache's files and AWS profiles: the first byte says which.
  static let addresses = FuzzTarget(name: "addresses") {
    [
      (0, "https://host:8443/a/b%20c?x=y"), (0, "http://[::1]/"), (1, "s3://bucket/a/prefix/"),
      (2, "0123456789abcdef-100-shard-00000.sgmn.part"),
      (3, "[default]\naws_access_key_id = A # no\n[profile \"x\"]\nregion=eu\ns3 =\n  a = b\n"),
    ].map { [$0] + Array($1.utf8) }
  } parse: { input in
    guard let kind = input.first else { return }
    let text = String(decoding: input.dropFirst(), as: UTF8.self)
    switch kind & 3 {
    case 0:
      let url = try RemoteURL(text)
      let again = try RemoteURL(url.text)
      try Finding.unless(again == url, "\(url) is read again as \(again)")
      _ = (url.isLoopback, url.shown, url.appending("shard-00000.sgmn"), RemoteURL.shown(text))
    case 1:
      let location = try S3Location(text)
      try Finding.unless(!location.bucket.contains("/"), "a bucket called \(location.bucket)")
      _ = (location.key(of: "index.sgmn"), location.fitsHostName, ShardLocation.isRemote(text))
    case 2:
      guard let entry = CacheEntry(fileName: text) else { throw Fault(.badData, "None of the cache's files") }
      try Finding.unless(text == entry.fileName || text == entry.partName, "\(text) is read as \(entry.fileName)")
    default:
      _ = (AWSProfileFile(text: text, isConfiguration: false), AWSProfileFile(text: text, isConfiguration: true))
      _ = ShardLocation.isRemote(text)
    }
  }
}
