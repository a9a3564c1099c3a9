package dev.spinbpf.programs.btf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The types that Linux refuses; the reasons are those of its log. */
class TypeValidationTest {
    private static final BtfType INT = new BtfType.Int("int", 4, 32, 0, true, false, false);

    private static Arguments types(String problem, BtfType... types) {
        return Arguments.of(problem, List.of(types));
    }

    private static BtfType.Composite struct(String name, BtfType.Member... members) {
        return new BtfType.Composite(name, false, 8, List.of(members));
    }

    private static BtfType.Member member(String name, int typeId, long bitOffset) {
        return new BtfType.Member(name, typeId, bitOffset, 0);
    }

    private static BtfType.FuncProto prototype(String parameter) {
        return new BtfType.FuncProto(1, List.of(new BtfType.Param(parameter, 1)));
    }

    private static BtfType.Var variable(BtfType.Linkage linkage) {
        return new BtfType.Var("v", 1, linkage);
    }

    private static BtfType.DataSec section(String name, long offset, long size) {
        return new BtfType.DataSec(name, 8, List.of(new BtfType.SecVar(2, offset, size)));
    }

    static Stream<Arguments> cases() {
        return Stream.of(
                types("", INT, struct("s", member("a", 1, 0), member("", 1, 32))),
                types("[2] STRUCT dollar$ Invalid name", INT, struct("dollar$")),
                types("", INT, struct("with.dot")),
                types("[2] STRUCT s a$ Invalid name", INT, struct("s", member("a$", 1, 0))),
                types(
                        "[2] STRUCT s b Invalid member bits_offset",
                        INT,
                        struct("s", member("a", 1, 32), member("b", 1, 0))),
                types("[2] STRUCT s a Member exceeds struct_size", INT, struct("s", member("a", 1, 48))),
                types("[2] STRUCT s a Invalid member", INT, struct("s", member("a", 0, 0))),
                types("[2] FUNC_PROTO (anon) Invalid return type", INT, new BtfType.FuncProto(3, List.of()), unknown()),
                types("[3] FUNC f Invalid arg#1", INT, prototype(""), new BtfType.Func("f", 2, BtfType.Linkage.GLOBAL)),
                types("", INT, prototype(""), INT),
                types("[2] FUNC_PROTO (anon) Invalid arg#1", INT, prototype("a$")),
                types("[2] FWD a$ Invalid name", INT, new BtfType.Fwd("a$", false)),
                types("", INT, prototype("a"), new BtfType.Func("f", 2, BtfType.Linkage.STATIC)),
                types(
                        "",
                        INT,
                        prototype(""),
                        new BtfType.Func("f", 2, BtfType.Linkage.EXTERN),
                        new BtfType.DataSec(".ksyms", 0, List.of(new BtfType.SecVar(3, 0, 0)))),
                types(
                        "[3] FUNC f Invalid func linkage",
                        INT,
                        prototype("a"),
                        new BtfType.Func("f", 2, BtfType.Linkage.EXTERN)),
                types("", INT, variable(BtfType.Linkage.STATIC), section(".data", 4, 4)),
                types("[2] VAR v Linkage not supported", INT, variable(BtfType.Linkage.EXTERN)),
                types(
                        "[3] DATASEC .data v Invalid size",
                        INT,
                        variable(BtfType.Linkage.GLOBAL),
                        section(".data", 0, 2)),
                types(
                        "[3] DATASEC .data v Invalid offset",
                        INT,
                        variable(BtfType.Linkage.GLOBAL),
                        section(".data", 8, 4)),
                types("[2] ARRAY (anon) Invalid elem", INT, new BtfType.Array(0, 1, 4)),
                types("[2] TYPEDEF 3d Invalid name", INT, new BtfType.Typedef("3d", 1)),
                types("", INT, new BtfType.Modifier(BtfType.ModifierKind.CONST, "", 0), new BtfType.Ptr(2)),
                types("[1] FLOAT f Invalid type_size", new BtfType.Float("f", 3)),
                types("[2] DECL_TAG t Invalid component_idx", INT, new BtfType.DeclTag("t", 3, 0), struct("s")),
                types("[1] INT int nr_bits exceeds type_size", new BtfType.Int("int", 4, 64, 0, true, false, false)));
    }

    private static BtfType unknown() {
        return new BtfType.Fwd("unknown", false);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void shouldRefuseWhatLinuxRefuses(String problem, List<BtfType> types) {
        List<BtfType> all = new ArrayList<>(List.of(new BtfType.Void()));
        all.addAll(types);
        assertThat(new Btf(all).problem()).isEqualTo(problem);
    }
}
