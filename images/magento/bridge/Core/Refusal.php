<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Why something that was asked for is not done: a text with %1, %2… and what belongs in their places.
 */
class Refusal extends \DomainException
{
    /**
     * @param string $template
     * @param array<int,string|int> $parameters
     */
    public function __construct(private readonly string $template, private readonly array $parameters = [])
    {
        $places = [];
        foreach (array_values($parameters) as $index => $parameter) {
            $places['%' . ($index + 1)] = (string)$parameter;
        }
        parent::__construct(strtr($template, $places));
    }

    /**
     * The text with its places still open.
     */
    public function template(): string
    {
        return $this->template;
    }

    /**
     * What belongs in the places.
     *
     * @return array<int, string|int>
     */
    public function parameters(): array
    {
        return $this->parameters;
    }
}
