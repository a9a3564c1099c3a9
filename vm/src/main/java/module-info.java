/** The machine that runs verified programs, its hooks, and the stress runs on it. Helpers and kfuncs are closed. */
module dev.spinbpf.vm {
    requires static transitive org.jspecify;
    requires transitive dev.spinbpf.maps;
    requires transitive dev.spinbpf.programs;
    requires transitive dev.spinbpf.verifier;

    exports dev.spinbpf.vm;
    exports dev.spinbpf.vm.context;
    exports dev.spinbpf.vm.deferred;
    exports dev.spinbpf.vm.exec;
    exports dev.spinbpf.vm.explore;
    exports dev.spinbpf.vm.hook;
    exports dev.spinbpf.vm.order;
    exports dev.spinbpf.vm.stress;
    exports dev.spinbpf.vm.task;
}
