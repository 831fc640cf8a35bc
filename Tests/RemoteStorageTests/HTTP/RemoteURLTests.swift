import Faults
import Testing

@testable import RemoteStorage

@Suite struct RemoteURLTests {
  @Test func partsOfAURL() throws {
    let url = try RemoteURL("HTTPS://Host.Example:443/a%20b/c/")
    #expect(url.text == "https://host.example/a%20b/c/" && url.authority == "host.example" && url.isEncrypted)
    #expect(url.appending("x y+%.sgmn").path == "/a%20b/c/x%20y%2B%25.sgmn")
    #expect(try RemoteURL("http://[::1]:8080/x").authority == "[::1]:8080")
    #expect(try RemoteURL("https://h/p?signature=s").shown == "https://h/p")
    #expect(try RemoteURL("https://h").appending("a").text == "https://h/a")
  }

  @Test(
    arguments: [
      ("http://127.0.0.1/", true), ("http://127.9.9.9/", true), ("http://localhost:80/", true), ("http://[::1]/", true),
      ("http://127.0.0.1.example/", false), ("http://128.0.0.1/", false), ("http://localhost.example/", false),
      ("http://[::2]/", false),
    ])
  func loopback(text: String, expected: Bool) throws {
    #expect(try RemoteURL(text).isLoopback == expected)
  }

  @Test func aPasswordIsRefusedAndNotRepeated() {
    let fault = fault { _ = try RemoteURL("https://user:geheim@host/path?token=geheim") }
    #expect(fault.code == .usage && !fault.description.contains("geheim") && !fault.description.contains("user:"))
  }

  @Test(arguments: ["", "host/path", "file:///etc/passwd", "gopher://h/", "https://", "https://h/#f", "https://a b/"])
  func otherTextIsRefused(text: String) {
    #expect(fault { _ = try RemoteURL(text) }.code == .usage)
  }
}
