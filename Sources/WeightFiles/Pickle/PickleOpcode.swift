/// The operations that files of tensors need, of pickle protocols 2 to 5. Those left out import, call or build what they
/// like (`INST`, `OBJ`, `EXT1`, …), or are of no use here.
enum PickleOpcode: UInt8 {
  case proto = 0x80
  case frame = 0x95
  case stop = 0x2E

  case mark = 0x28
  case binaryPut = 0x71
  case longBinaryPut = 0x72
  case memoize = 0x94
  case binaryGet = 0x68
  case longBinaryGet = 0x6A

  case none = 0x4E
  case newTrue = 0x88
  case newFalse = 0x89
  case binaryInteger = 0x4A
  case binaryInteger1 = 0x4B
  case binaryInteger2 = 0x4D
  case long1 = 0x8A
  case binaryFloat = 0x47
  case shortBinaryUnicode = 0x8C
  case binaryUnicode = 0x58
  case binaryUnicode8 = 0x8D
  case shortBinaryBytes = 0x43
  case binaryBytes = 0x42
  case binaryBytes8 = 0x8E

  case emptyTuple = 0x29
  case tuple = 0x74
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case emptyList = 0x5D
  case append = 0x61
  case appends = 0x65
  case emptyDictionary = 0x7D
  case setItem = 0x73
  case setItems = 0x75

  case global = 0x63
  case stackGlobal = 0x93
  case persistentID = 0x51
  case reduce = 0x52
  case newObject = 0x81
  case build = 0x62
}
