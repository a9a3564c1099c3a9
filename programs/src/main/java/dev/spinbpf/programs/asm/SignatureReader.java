package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.asm.FunctionDraft.Parameter;
import dev.spinbpf.programs.asm.FunctionDraft.Pointee;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.ParameterContext;
import dev.spinbpf.programs.asm.grammar.BpfAsmParser.SignatureContext;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.KernelLimits;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads a global function's parameters, which the verifier takes from its type: {@code u8} to {@code s64} and
 * {@code int}; {@code ptr NAME}, a pointer to a struct such as the context; {@code mem SIZE}, a pointer to {@code SIZE}
 * bytes or null; {@code nonnull mem SIZE}.
 */
final class SignatureReader {

    private final Diagnostics diagnostics;
    private final Literals literals;

    SignatureReader(Diagnostics diagnostics, Literals literals) {
        this.diagnostics = diagnostics;
        this.literals = literals;
    }

    List<Parameter> read(SignatureContext signature) {
        if (signature.parameter().size() > KernelLimits.MAX_BPF_FUNC_REG_ARGS) {
            diagnostics.error(
                    Span.of(signature), "a function has at most " + KernelLimits.MAX_BPF_FUNC_REG_ARGS + " parameters");
        }
        return signature.parameter().stream().map(this::parameter).toList();
    }

    private Parameter parameter(ParameterContext c) {
        List<String> words = c.name().stream().map(literals::name).toList();
        if (c.number() == null && words.size() == 1 && BtfDraft.sizeOf(words.getFirst()) > 0) {
            return new Parameter(words.getFirst(), null, 0, false);
        }
        if (c.number() == null && words.size() == 2 && words.getFirst().equals("ptr")) {
            return new Parameter(words.getLast(), Pointee.STRUCT, 0, false);
        }
        boolean nonNull = words.equals(List.of("nonnull", "mem"));
        if (c.number() != null && (nonNull || words.equals(List.of("mem")))) {
            return new Parameter(
                    "u8", Pointee.MEMORY, (int) literals.number(c.number(), 1, KernelLimits.BPF_MAX_VAR_SIZ), nonNull);
        }
        diagnostics.error(Span.of(c), "expected u8 to s64, ptr NAME, mem SIZE or nonnull mem SIZE");
        return new Parameter("int", null, 0, false);
    }

    /** Adds the types of the functions that have a signature. */
    static void types(List<FunctionDraft> functions, BtfDraft types) {
        for (FunctionDraft function : functions) {
            if (function.signature != null && function.btfFuncId == 0) {
                function.btfFuncId = type(function, function.signature, types);
            }
        }
    }

    private static int type(FunctionDraft draft, List<Parameter> signature, BtfDraft types) {
        List<BtfType.Param> params = new ArrayList<>();
        for (int index = 0; index < signature.size(); index++) {
            Parameter parameter = signature.get(index);
            int id =
                    switch (parameter.pointsTo()) {
                        case null -> types.named(parameter.type(), -1);
                        case STRUCT -> types.pointer(types.forward(parameter.type()));
                        case MEMORY -> types.pointer(types.array(types.named(parameter.type(), -1), parameter.bytes()));
                    };
            params.add(new BtfType.Param("arg" + (index + 1), id));
        }
        int proto = types.add(new BtfType.FuncProto(types.named("int", -1), params));
        int function = types.add(
                new BtfType.Func(draft.name, proto, draft.global ? BtfType.Linkage.GLOBAL : BtfType.Linkage.STATIC));
        for (int index = 0; index < signature.size(); index++) {
            if (signature.get(index).nonNull()) {
                types.add(new BtfType.DeclTag("arg:nonnull", function, index));
            }
        }
        return function;
    }
}
