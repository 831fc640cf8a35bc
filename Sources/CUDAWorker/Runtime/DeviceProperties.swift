import CNVIDIA
import Faults

/// What the driver tells of a GPU.
struct DeviceProperties {
  let name: String
  let computeCapability: Int
  let multiprocessorCount: Int
  let memoryByteCount: Int
  let uuid: [UInt8]
  let hasVirtualMemory: Bool

  init(_ driver: CUDADriver, _ device: CUdevice) throws {
    let functions = driver.functions.pointee
    func attribute(_ number: Int) throws -> Int {
      var value: Int32 = 0
      try driver.check(functions.device_attribute(&value, Int32(number), device), "cuDeviceGetAttribute")
      return Int(value)
    }
    var text = [CChar](repeating: 0, count: 256)
    try driver.check(functions.device_name(&text, Int32(text.count), device), "cuDeviceGetName")
    name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let major = try attribute(nvidia_compute_capability_major)
    computeCapability = try 10 * major + attribute(nvidia_compute_capability_minor)
    multiprocessorCount = try attribute(nvidia_multiprocessor_count)
    var byteCount = 0
    try driver.check(functions.device_memory(&byteCount, device), "cuDeviceTotalMem")
    memoryByteCount = byteCount
    var uuid = CUuuid()
    try driver.check(functions.device_uuid(&uuid, device), "cuDeviceGetUuid")
    self.uuid = withUnsafeBytes(of: uuid) { Array($0) }
    let isSupported = try attribute(nvidia_virtual_memory_supported) != 0
    hasVirtualMemory = isSupported && nvidia_has_virtual_memory(driver.functions)
  }
}
