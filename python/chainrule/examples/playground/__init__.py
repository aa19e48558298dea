"""Playground: watch a small net learn to part the plane, in the browser, as a sheet or as a film.

    loss = 1/10 * (sum of -log sigmoid(y score(x)) over 10 points + strength / 2 * sum of W^2),     y = -1 or 1

    python -m chainrule.examples.playground                     opens a page with buttons and sliders
    python -m chainrule.examples.playground --plot sheet.png    3, 6, 20 neurons and strengths 0.001, 0.01, 0.1
    python -m chainrule.examples.playground --gif film.gif      the regions while three nets learn

Points of two classes lie in rings, XOR squares, spirals or moons. More hidden neurons give more bends; a stronger
penalty smooths them: the figures of CS231n lecture 4, made with ConvNetJS, whose loss this is, and the idea of the
TensorFlow Playground, anew. On the spirals 3 neurons part 91% of the training points, 20 neurons 97%.
"""
