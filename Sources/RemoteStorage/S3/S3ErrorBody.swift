/// The two fields of S3's error document that a person needs. The others, which may repeat keys and tokens, are not read.
struct S3ErrorBody: Sendable, Equatable {
  var code: String?
  var message: String?
  /// Where the bucket is, if the document says so.
  var region: String?

  init(_ body: [UInt8]) {
    let text = String(decoding: body.prefix(64 << 10), as: UTF8.self)
    guard let error = S3ErrorBody.content(of: "Error", in: text[...]) else { return }
    code = S3ErrorBody.text(of: "Code", in: error, limit: 80)
    message = S3ErrorBody.text(of: "Message", in: error, limit: 300)
    region = S3ErrorBody.text(of: "Region", in: error, limit: 40)
  }

  private static func content(of tag: String, in text: Substring) -> Substring? {
    guard let start = text.firstRange(of: "<\(tag)>")?.upperBound ?? text.firstRange(of: "<\(tag) xmlns")?.upperBound
    else { return nil }
    let end = text[start...].firstRange(of: "</\(tag)>")?.lowerBound ?? text.endIndex
    return text[start..<end]
  }

  private static func text(of tag: String, in text: Substring, limit: Int) -> String? {
    guard let content = content(of: tag, in: text) else { return nil }
    var plain = String(content)
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
    for (entity, character) in entities { plain = plain.replacing(entity, with: character) }
    let shown = String(String.UnicodeScalarView(plain.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }))
    return shown.isEmpty ? nil : String(shown.prefix(limit))
  }
}
