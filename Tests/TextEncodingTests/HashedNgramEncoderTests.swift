import Testing

@testable import TextEncoding

@Suite struct HashedNgramEncoderTests {
  let encoder = HashedNgramEncoder()

  func cosine(_ a: String, _ b: String) -> Float {
    zip(encoder.encode(a), encoder.encode(b)).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test(arguments: ["红色条纹圆形 大号 Red striped round L", "a", "é", "スカート", "👗", "x9", "ab ab ab ab"])
  func `a text is a unit vector, always the same`(_ text: String) {
    let vector = encoder.encode(text)
    #expect(vector.count == 512)
    #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-4)
    #expect(vector == encoder.encode(text))
  }

  @Test(arguments: ["", "   ", "。，!?", "\n\t"])
  func `a text of nothing is the zero vector`(_ text: String) {
    #expect(encoder.encode(text) == [Float](repeating: 0, count: 512))
  }

  @Test func `case, width and composition make no difference`() {
    #expect(encoder.encode("RED Dress") == encoder.encode("red dress"))
    #expect(encoder.encode("ＲＥＤ　４２") == encoder.encode("red 42"))
    #expect(encoder.encode("caf\u{E9}") == encoder.encode("cafe\u{301}"))
    #expect(encoder.encode("red, dress!") == encoder.encode("red dress"))
  }

  @Test func `texts that share more are nearer`() {
    #expect(cosine("红色条纹圆形", "红色条纹方形") > cosine("红色条纹圆形", "蓝色格纹方形") + 0.2)
    #expect(
      cosine("red striped round", "this red striped thing") > cosine("red striped round", "blue plain heart") + 0.2)
    #expect(cosine("striped", "stripes") > cosine("striped", "dotted") + 0.2)
    #expect(abs(cosine("红色条纹", "totally different words")) < 0.2)
    #expect(cosine("abcd", "dcba") < 0.5)
  }

  @Test func `the numbers are these, on every machine`() {
    let vector = encoder.encode("红 red")
    #expect(vector[..<4].map { ($0 * 1e5).rounded() } == [-1925, 1727, -2442, 1925])
  }

  @Test func `a run ends where the script does`() {
    let runs = TextUnits.runs(of: "大号L码 42cm")
    #expect(
      runs == [
        .characters(Array("大号".unicodeScalars)), .word(Array("l".unicodeScalars)), .characters(["码"]),
        .word(Array("42cm".unicodeScalars)),
      ])
  }
}
