"""Writes a LightGBM ensemble as ONNX: one TreeEnsembleRegressor and a sigmoid, P(down) and P(up).

Written here rather than converted by a library for two reasons. A threshold is a double and an
input a float32; rounding the threshold down to the float32 below keeps `x <= threshold` true for the
same inputs, rounding to nearest does not. And the calibration is folded into the leaves, so the
runtime evaluates nothing but the trees.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper

OPSET, OPSET_ML, IR_VERSION = 15, 3, 8


def float32_below(value):
    """The largest float32 that is not above the double."""
    rounded = np.float32(value)
    return float(np.nextafter(rounded, np.float32(-np.inf)) if float(rounded) > value else rounded)


class _Trees:
    def __init__(self, scale):
        self.scale = scale
        self.nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "values", "modes")}
        self.nodes.update({key: [] for key in ("truenodeids", "falsenodeids", "missing")})
        self.targets = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}

    def add(self, tree, structure):
        next_id = [0]

        def place(node):
            own = next_id[0]
            next_id[0] += 1
            at = len(self.nodes["nodeids"])
            is_leaf = "leaf_value" in node
            self._node(tree, own, None if is_leaf else node)
            if is_leaf:
                for key, value in (("treeids", tree), ("nodeids", own), ("ids", 0)):
                    self.targets[key].append(value)
                self.targets["weights"].append(self.scale * node["leaf_value"])
            else:
                self.nodes["truenodeids"][at] = place(node["left_child"])
                self.nodes["falsenodeids"][at] = place(node["right_child"])
            return own

        place(structure)

    def _node(self, tree, own, split):
        threshold = 0.0 if split is None else float32_below(split["threshold"])
        self.nodes["treeids"].append(tree)
        self.nodes["nodeids"].append(own)
        self.nodes["featureids"].append(0 if split is None else split["split_feature"])
        self.nodes["values"].append(threshold)
        self.nodes["modes"].append("LEAF" if split is None else "BRANCH_LEQ")
        self.nodes["truenodeids"].append(0)
        self.nodes["falsenodeids"].append(0)
        self.nodes["missing"].append(0 if split is None else int(_missing_goes_left(split)))


def _missing_goes_left(split):
    assert split["decision_type"] == "<=", "only numerical splits"
    if split["missing_type"] == "NaN":
        return split["default_left"]
    assert split["missing_type"] == "None", "zero_as_missing is off"
    return 0.0 <= split["threshold"]  # no missing value in training: LightGBM reads NaN as zero


def export(booster, scale, shift):
    """P(up) = sigmoid(scale * raw + shift). Returns the bytes of the model."""
    dump = booster.dump_model()
    trees = _Trees(scale)
    for tree in dump["tree_info"]:
        trees.add(tree["tree_index"], tree["tree_structure"])
    columns = dump["max_feature_idx"] + 1
    nodes, targets = trees.nodes, trees.targets
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["logit"],
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[shift],
        nodes_treeids=nodes["treeids"],
        nodes_nodeids=nodes["nodeids"],
        nodes_featureids=nodes["featureids"],
        nodes_values=nodes["values"],
        nodes_modes=nodes["modes"],
        nodes_truenodeids=nodes["truenodeids"],
        nodes_falsenodeids=nodes["falsenodeids"],
        nodes_missing_value_tracks_true=nodes["missing"],
        target_treeids=targets["treeids"],
        target_nodeids=targets["nodeids"],
        target_ids=targets["ids"],
        target_weights=targets["weights"],
    )
    graph = helper.make_graph(
        [
            ensemble,
            helper.make_node("Neg", ["logit"], ["against"]),
            helper.make_node("Concat", ["against", "logit"], ["logits"], axis=1),
            helper.make_node("Sigmoid", ["logits"], ["probabilities"]),
        ],
        "scalper",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", columns])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", 2])],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", OPSET_ML)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model.SerializeToString()
