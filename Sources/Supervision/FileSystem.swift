import CLinux

/// What keeps the files of a path.
public enum FileSystem {
  /// Whether reads of what is at a path may stall for a minute or two and go on, because another machine or a program
  /// answers them; false also where the system does not say.
  public static func isServed(_ path: String) -> Bool {
    served.contains(UInt32(truncatingIfNeeded: sgmn_file_system_type(path)))
  }

  /// The numbers that statfs(2) gives: AFS, BeeGFS, Ceph, CIFS, FUSE, GPFS, Lustre, NFS, OrangeFS, SMB2, 9P.
  static let served: Set<UInt32> = [
    0x5346_414F, 0x1983_0326, 0x00C3_6400, 0xFF53_4D42, 0x6573_5546, 0x4750_4653, 0x0BD0_0BD0, 0x6969, 0x2003_0528,
    0xFE53_4D42, 0x0102_1997,
  ]
}
