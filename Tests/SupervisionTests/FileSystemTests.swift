import Testing

@testable import Supervision

@Suite struct FileSystemTests {
  /// /proc is of this machine whatever it runs on.
  @Test func theKernelsOwnFilesAreNotServed() {
    #expect(!FileSystem.isServed("/proc"))
    #expect(!FileSystem.isServed("/proc/no such file"))
  }

  @Test(arguments: [0x6969, 0x0BD0_0BD0, 0x6573_5546]) func fileServersAre(number: Int) {
    #expect(FileSystem.served.contains(UInt32(number)))
  }

  /// ext, XFS, Btrfs, tmpfs, overlay, ZFS.
  @Test(arguments: [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630, 0x2FC1_2FC1])
  func disksAndMemoryAreNot(number: Int) {
    #expect(!FileSystem.served.contains(UInt32(number)))
  }
}
