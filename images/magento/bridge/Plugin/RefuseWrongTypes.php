<?php

declare(strict_types=1);

namespace StoreController\Bridge\Plugin;

use Magento\Framework\Phrase;
use Magento\Framework\Webapi\Exception as WebapiException;
use Magento\Framework\Webapi\ServiceInputProcessor;

/**
 * Answers 400 where a list or a whole number was expected and something else came. Magento passes the one on, and
 * PHP's TypeError becomes a 500 in plain text; it cuts the other to fit, whatever it means.
 */
class RefuseWrongTypes
{
    private const OURS = 'StoreController\\Bridge\\Api\\';
    private const WHOLE = '/^-?\d{1,18}$/D';

    /**
     * Looks at what the Bridge's own endpoints are given.
     *
     * @param ServiceInputProcessor $subject
     * @param string $serviceClassName
     * @param string $serviceMethodName
     * @param array<string,mixed> $inputArray
     * @return null
     * @throws WebapiException
     * @SuppressWarnings(PHPMD.UnusedFormalParameter)
     */
    public function beforeProcess(
        ServiceInputProcessor $subject,
        $serviceClassName,
        $serviceMethodName,
        array $inputArray
    ) {
        if (!str_starts_with((string)$serviceClassName, self::OURS)) {
            return null;
        }
        foreach ((new \ReflectionMethod($serviceClassName, $serviceMethodName))->getParameters() as $parameter) {
            $given = $inputArray[$parameter->getName()] ?? null;
            if ($given === null) {
                continue;
            }
            match ((string)$parameter->getType()) {
                'array' => $this->checkList($given, $serviceMethodName === 'clean'),
                'int' => $this->checkWhole($given),
                default => null,
            };
        }
        return null;
    }

    /**
     * Refuses what is not a list, and a list of something else than was expected.
     *
     * @param mixed $given
     * @param bool $ofNames
     * @throws WebapiException
     */
    private function checkList(mixed $given, bool $ofNames): void
    {
        if (!is_array($given) || !array_is_list($given)) {
            throw $this->refusal($given, 'list');
        }
        foreach ($given as $one) {
            if ($ofNames ? !is_string($one) : !is_array($one)) {
                throw $this->refusal($one, $ofNames ? 'string' : 'object');
            }
        }
    }

    /**
     * Refuses what is not a whole number, written as such.
     *
     * @param mixed $given
     * @throws WebapiException
     */
    private function checkWhole(mixed $given): void
    {
        if (!is_int($given) && !(is_string($given) && preg_match(self::WHOLE, $given))) {
            throw $this->refusal($given, 'int');
        }
    }

    /**
     * Says it in Magento's own words for a wrong type.
     *
     * @param mixed $given
     * @param string $expected
     */
    private function refusal(mixed $given, string $expected): WebapiException
    {
        return new WebapiException(new Phrase(
            'The "%value" value\'s type is invalid. The "%type" type was expected. Verify and try again.',
            [
                'value' => is_scalar($given) ? mb_strcut((string)$given, 0, 64) : get_debug_type($given),
                'type' => $expected,
            ]
        ));
    }
}
