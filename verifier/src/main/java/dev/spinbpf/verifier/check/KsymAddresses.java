package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.KsymRef;
import dev.spinbpf.verifier.domain.ScalarValue;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegState;

/** Addresses of kernel variables and functions. */
final class KsymAddresses {
    private KsymAddresses() {}

    /** The value of a register after a load of the object's kernel symbol. */
    static RegState load(Exploration path, int index) {
        KsymRef ksym = path.unit().object().ksyms().get(index);
        Btf btf = path.unit().kernelTypes();
        if (ksym.absent()) {
            return RegState.ZERO;
        }
        if (!ksym.typed() && !ksym.function()) {
            return untyped(btf, ksym);
        }
        if (btf.size() <= 1) {
            throw new UnsupportedFeature("kernel symbol " + ksym.name() + " without kernel types is not supported");
        }
        if (ksym.function()) {
            int function = btf.find(ksym.essentialName(), BtfType.Func.class);
            return function == 0 ? absent(ksym) : RegState.mem(0, TypeFlags.MEM_RDONLY);
        }
        int id = btf.find(ksym.essentialName(), BtfType.Var.class);
        if (id == 0 || !(btf.type(id) instanceof BtfType.Var variable)) {
            return absent(ksym);
        }
        if (isPerCpu(btf, id)) {
            return RegState.btfId(btf, variable.typeId(), TypeFlags.MEM_PERCPU);
        }
        if (btf.resolved(variable.typeId()) instanceof BtfType.Composite) {
            return RegState.btfId(btf, variable.typeId(), 0);
        }
        return RegState.mem(btf.sizeOf(variable.typeId()), TypeFlags.MEM_RDONLY);
    }

    /** The address that the loader found: of the kernel's image, or where a variable lies in each CPU's part of memory. */
    private static RegState untyped(Btf btf, KsymRef ksym) {
        int id = btf.find(ksym.essentialName(), BtfType.Var.class);
        return RegState.scalar(
                id != 0 && isPerCpu(btf, id)
                        ? ScalarValue.signedRange(1, Integer.MAX_VALUE)
                        : ScalarValue.signedRange(Integer.MIN_VALUE, -1));
    }

    private static RegState absent(KsymRef ksym) {
        if (ksym.weak()) {
            return RegState.ZERO;
        }
        throw new UnsupportedFeature("kernel symbol " + ksym.name() + " that the kernel types lack is not supported");
    }

    private static boolean isPerCpu(Btf btf, int varId) {
        int section = btf.find(".data..percpu", BtfType.DataSec.class);
        return section != 0
                && btf.type(section) instanceof BtfType.DataSec percpu
                && percpu.vars().stream().anyMatch(variable -> variable.varTypeId() == varId);
    }
}
