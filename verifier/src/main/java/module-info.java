/** The verifier: decides whether Linux would run a program. All but the entry, its results and explanations is closed. */
module dev.spinbpf.verifier {
    requires static transitive org.jspecify;
    requires transitive dev.spinbpf.programs;

    exports dev.spinbpf.verifier;
    exports dev.spinbpf.verifier.locking;
    exports dev.spinbpf.verifier.refusal;
}
