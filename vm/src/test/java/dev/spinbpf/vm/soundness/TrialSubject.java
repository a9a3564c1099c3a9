package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.Subprog;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** Instructions as a {@code tc} program of an object with two maps of one element. */
record TrialSubject(ProgramObject object, Program program) {
    static TrialSubject of(List<Insn> insns) {
        TreeSet<Integer> starts = new TreeSet<>(List.of(0));
        for (int slot = 0; slot < insns.size(); slot++) {
            if (insns.get(slot).op() == Op.CALL_SUBPROG) {
                starts.add(slot + 1 + insns.get(slot).immLow());
            }
        }
        List<Integer> sorted = new ArrayList<>(starts);
        List<Subprog> subprogs = new ArrayList<>();
        for (int i = 0; i < sorted.size(); i++) {
            int end = i + 1 < sorted.size() ? sorted.get(i + 1) : insns.size();
            subprogs.add(new Subprog(i == 0 ? "soundness" : "function" + i, sorted.get(i), end, i == 0, 0));
        }
        Program program =
                Program.of("soundness", "tc", ProgType.SCHED_CLS, AttachType.CGROUP_INET_INGRESS, insns, subprogs);
        List<MapDef> maps =
                List.of(map("values", RandomProgram.VALUE_SIZE), map("looked_up", RandomProgram.LOOKED_UP_SIZE));
        ProgramObject object = ProgramObject.of("soundness.o", "GPL", List.of(program), maps);
        return new TrialSubject(object, program);
    }

    private static MapDef map(String name, int valueSize) {
        return MapDef.builder(name, MapType.ARRAY)
                .keySize(4)
                .valueSize(valueSize)
                .maxEntries(1)
                .build();
    }
}
