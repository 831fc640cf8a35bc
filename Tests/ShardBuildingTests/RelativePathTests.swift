import Testing

@testable import ShardBuilding

@Suite struct RelativePathTests {
  @Test(arguments: [
    ("a/b/x.jpg", "x"), ("x.jpg", "x"), ("x", "x"), ("a/.hidden", ".hidden"), ("x.y.z", "x.y"), ("a/b/", "b"), ("", ""),
    ("/", ""), ("https://h/红.jpg", "红"), ("a.b/c", "c"), (".", "."),
  ])
  func `the name without folder and ending`(_ path: String, _ stem: String) {
    #expect(RelativePath.stem(path) == stem)
  }

  @Test(arguments: [
    ("a", true), ("a/../b", true), ("./a", true), ("a/..", false), ("..", false), ("a/../../b", false), ("/a", false),
    ("", false), ("a\0b", false), (".", false), ("a/..b", true),
  ])
  func `a path that stays`(_ path: String, _ stays: Bool) { #expect(RelativePath.staysWithin(path) == stays) }

  /// Marks that join with a slash or a point beside them: to Swift one character, to the system still a slash.
  @Test(arguments: ["\u{322}", "\u{300}", "\u{200D}", "\u{FE0F}"])
  func `marks do not hide a slash`(_ mark: String) {
    #expect(!RelativePath.staysWithin("../\(mark)x"))
    #expect(!RelativePath.staysWithin("\(mark)/../../x"))
    #expect(!RelativePath.staysWithin("/\(mark)etc/passwd"))
    #expect(!RelativePath.staysWithin("\u{600}/../../x"))
    #expect(RelativePath.staysWithin("a/\(mark)x/../y"))
    #expect(RelativePath.staysWithin("..\(mark)"))
    #expect(RelativePath.lies("/root/\(mark)x", in: "/root"))
    #expect(!RelativePath.lies("/root\(mark)/x", in: "/root") && !RelativePath.lies("/rooted", in: "/root"))
  }
}
