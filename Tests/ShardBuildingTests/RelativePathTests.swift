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
}
