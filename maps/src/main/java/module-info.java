/** Memory, emulated CPUs, locks and maps that programs share. */
module dev.spinbpf.maps {
    requires static transitive org.jspecify;
    requires transitive dev.spinbpf.programs;

    exports dev.spinbpf.maps.cpu;
    exports dev.spinbpf.maps.lock;
    exports dev.spinbpf.maps.map;
    exports dev.spinbpf.maps.memory;
    exports dev.spinbpf.maps.sched;
    exports dev.spinbpf.maps.sync;
}
