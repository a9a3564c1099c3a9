package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.verifier.refusal.RefusalKind;

/** Advice on objects that no program of which gets to the verifier. */
final class LoadAdvice {
    private LoadAdvice() {}

    static String remedy(LoadRefusal refusal, RefusalKind kind) {
        String message = refusal.message();
        if (message.contains("re-mmap")) {
            return "Declare the lock (or timer, kptr) static or __hidden, or put it into a section of its own with"
                    + " static variables only.";
        }
        if (message.contains("extern")) {
            return "Check the name and prototype against this kernel, or declare it __weak and test for it.";
        }
        if (message.contains("missing BPF prog type")) {
            return "Name the section as libbpf knows it: SEC(\"xdp\"), SEC(\"tc\"), SEC(\"kprobe/...\").";
        }
        return kind.remedy();
    }
}
