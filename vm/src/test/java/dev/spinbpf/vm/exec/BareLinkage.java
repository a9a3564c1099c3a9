package dev.spinbpf.vm.exec;

/** Linkage of test programs, which call and refer to nothing. */
public interface BareLinkage extends Linkage {
    @Override
    default long mapAddress(int mapIndex) {
        throw new UnsupportedProgramException("no maps here");
    }

    @Override
    default long mapValueAddress(int mapIndex, int offset) {
        throw new UnsupportedProgramException("no maps here");
    }

    @Override
    default long symbolAddress(int symbolIndex) {
        throw new UnsupportedProgramException("no symbols here");
    }

    @Override
    default Helper kfunc(int kfuncIndex) {
        throw new UnsupportedProgramException("no kfuncs here");
    }
}
