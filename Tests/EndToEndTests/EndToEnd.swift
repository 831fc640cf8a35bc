import Testing

/// Real commands under a real `mpirun`, one after the other, for they share the machine's cores.
@Suite(.serialized, .timeLimit(.minutes(10))) struct EndToEnd {}
